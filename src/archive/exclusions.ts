/**
 * What of a run is not in its archive. Left out of the workspace without a word: dependencies, caches, repositories, environment
 * files. Left out and named in `left_out.jsonl`, inside the archive so that its digest covers the list: everything else.
 */
import { hasFields, isText } from '../schema/guard.ts';
import { createGlob } from '../store/index.ts';

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

/** A line of `left_out.jsonl`. */
export interface LeftOut {
  readonly path: string;
  readonly reason: string;
}

const hasLeftOutFields = hasFields<LeftOut>({ path: isText, reason: isText });

/** The reason of a file that was left out for what it holds; metadata and summary name these apart. */
export const HOLDS_A_SECRET = 'it holds a secret';

const WITHHELD = '[redacted]';

/** The path as it may be named: without the segments that hold a secret. The same path when none does. */
export function withholdSecrets(path: string, containsSecret: (bytes: Uint8Array) => boolean): string {
  const holds = (text: string): boolean => containsSecret(Buffer.from(text));
  if (!holds(path)) return path;
  const [top = '', ...names] = path.split('/');
  const shown = [top, ...names.map((name) => (holds(name) ? WITHHELD : name))].join('/');
  // A secret with a slash in it lies across segments.
  return holds(shown) ? `${top}/${WITHHELD}` : shown;
}

export function leftOutText(left: readonly LeftOut[]): string {
  return left.map(({ path, reason }) => `${JSON.stringify({ path, reason })}\n`).join('');
}

/** Throws a plain Error on a line that is none of ours. */
export function parseLeftOut(text: string): { excluded_secrets: string[]; skipped: LeftOut[] } {
  const lines = text.split('\n').filter((line) => line !== '');
  const left = lines.map((line) => {
    const value: unknown = JSON.parse(line);
    if (!hasLeftOutFields(value) || Object.keys(value).length !== 2)
      throw new Error('a line has other fields than path and reason');
    return value;
  });
  return {
    excluded_secrets: left.filter(({ reason }) => reason === HOLDS_A_SECRET).map(({ path }) => path),
    skipped: left.filter(({ reason }) => reason !== HOLDS_A_SECRET),
  };
}
