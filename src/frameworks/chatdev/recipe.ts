import type { Recipe } from '../../setup/index.ts';

/** Its requirements.txt, plus the one pin that is missing there. */
export const CHATDEV: Recipe = {
  name: 'chatdev',
  repository: 'https://github.com/OpenBMB/ChatDev.git',
  commit: '52edb89997b4312ad27d8c54584d0a6c59940135',
  // Its pins of numpy and faiss have no builds for later ones.
  pythons: ['3.11', '3.10', '3.9'],
  packages: [
    'colorama==0.4.6',
    'Flask==2.3.2',
    'Flask-SocketIO==5.3.4',
    'importlib-metadata==6.8.0',
    'numpy==1.24.3',
    'openai==1.47.1',
    'regex==2023.6.3',
    'requests==2.31.0',
    'tenacity==8.2.2',
    'tiktoken==0.8.0',
    'virtualenv==20.23.0',
    'Werkzeug==3.0.3',
    'Markdown==3.4.4',
    'Pillow==10.3.0',
    'Wikipedia-API==0.6.0',
    'beautifulsoup4==4.12.2',
    'faiss-cpu==1.7.4',
    'pyyaml==6.0',
    'easydict==1.10',
    // This openai version passes an argument that later httpx versions reject.
    'httpx==0.27.2',
  ],
  // Example projects, books, figures and data sets: hundreds of megabytes that no run needs.
  leaveOut: ['misc', 'WareHouse', 'MultiAgentEbook', 'SRDD'],
  imports: ['openai', 'tiktoken', 'faiss', 'numpy', 'flask', 'markdown', 'wikipediaapi', 'bs4', 'easydict', 'yaml', 'tenacity'],
  requires: ['run.py', 'CompanyConfig/Default/ChatChainConfig.json', 'CompanyConfig/Incremental/ChatChainConfig.json'],
  encodings: ['o200k_base', 'cl100k_base'],
};
