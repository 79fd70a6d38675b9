/** What of a workspace is not worth or not safe to keep: dependencies, caches, repositories, environment files. */

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
 * Whether a path of the workspace is left out. `patterns` are the user's, besides the built-in names: without a slash one
 * matches a name at any depth, with one it matches the path from the workspace; `*`, `?`, `**` and a closing `/`
 * (directories only) mean what they mean in .gitignore.
 */
export function createExclusion(patterns: readonly string[]): (path: string, isDirectory: boolean) => boolean {
  const rules = patterns.map(compile);
  return (path, isDirectory) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (NAMES.test(name) || (isDirectory && DIRECTORIES.has(name))) return true;
    return rules.some((rule) => (isDirectory || !rule.directoryOnly) && rule.regexp.test(rule.whole ? path : name));
  };
}

function compile(pattern: string): { regexp: RegExp; whole: boolean; directoryOnly: boolean } {
  const directoryOnly = pattern.endsWith('/');
  const body = pattern.replace(/\/$/, '').replace(/^\.?\//, '');
  const whole = body.includes('/') || /^\.?\//.test(pattern);
  const source = body.replace(/\*\*\/|\*\*|\*|\?|[^*?]+/g, (part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    return part.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  });
  return { regexp: new RegExp(`^${source}$`, 's'), whole, directoryOnly };
}
