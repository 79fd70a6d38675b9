import type { Recipe } from '../../setup/index.ts';

/** Runtime dependencies in the versions of its requirements.txt, without development tools and the server of its web pages. */
export const BAES: Recipe = {
  name: 'baes',
  repository: 'https://github.com/gesad-lab/baes_demo.git',
  commit: '1285967748549b62c2e3af7993fa8e81f79eae45',
  // Its packages do not support later versions, and the pages that it writes need 3.12 (quotes inside f-strings).
  pythons: ['3.12'],
  packages: [
    'openai==1.3.7',
    'httpx==0.25.2',
    'pydantic==2.5.0',
    'python-dotenv==1.0.0',
    'jinja2==3.1.2',
    'requests==2.31.0',
    'fastapi==0.104.1',
    'uvicorn==0.24.0',
    'sqlalchemy==2.0.23',
    'python-multipart==0.0.6',
  ],
  leaveOut: [],
  imports: ['openai', 'pydantic', 'dotenv', 'jinja2', 'requests', 'fastapi', 'uvicorn', 'sqlalchemy'],
  requires: ['bae_noninteractive.py'],
};
