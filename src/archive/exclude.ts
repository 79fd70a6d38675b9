/** What of a workspace is not worth or not safe to keep: dependencies, caches, repositories, environment files. */
import { createGlob } from '../store.ts';

const DIRECTORIES = new Set([
  '.git',
  '.hg',
  '.svn',
  'node_modules',
  '__pycache__',
  '.pytest_cache',
  '.mypy_cache',
  '.ruff_cache',
  '.cache',
  '.tox',
  '.venv',
  'venv',
]);
/** Names of any kind: a `.git` file marks a worktree, `.env` holds secrets by custom. */
const NAMES = /^(\.git|\.env|\.env\..*)$/;
/** Python writes this file into the top of each virtual environment, whatever the directory is called. */
export const VIRTUAL_ENVIRONMENT = 'pyvenv.cfg';

/**
 * Whether a path of the workspace is left out. `patterns` are the user's, besides the built-in names, and mean what they
 * mean in .gitignore: see `createGlob`.
 */
export function createExclusion(patterns: readonly string[]): (path: string, isDirectory: boolean) => boolean {
  const globs = patterns.map(createGlob);
  return (path, isDirectory) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (NAMES.test(name) || (isDirectory && DIRECTORIES.has(name))) return true;
    return globs.some((fits) => fits(isDirectory ? `${path}/` : path));
  };
}
