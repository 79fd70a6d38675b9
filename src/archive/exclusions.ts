/**
 * What is excluded from the archive of a run. Dependencies, caches, repositories and environment files of the workspace are excluded
 * silently. Everything else that is excluded is listed in `left_out.jsonl` inside the archive, so that its digest covers the list.
 */
import { hasFields, isText } from '../schema/guard.ts';
import { createGlob } from '../store/index.ts';

const EXCLUDED_DIRECTORIES = new Set([
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
/** Files and directories: a `.git` file marks a worktree, `.env` usually holds secrets. */
const EXCLUDED_NAMES = /^(\.git|\.env|\.env\..*)$/;
/** Python writes this file into the top of each virtual environment, whatever the directory is called. */
export const VIRTUAL_ENVIRONMENT = 'pyvenv.cfg';

/**
 * Whether a path of the workspace is excluded. `patterns` are the user's, in addition to the built-in names, with the syntax
 * of .gitignore: see `createGlob`.
 */
export function createExclusion(patterns: readonly string[]): (path: string, isDirectory: boolean) => boolean {
  const globs = patterns.map(createGlob);
  return (path, isDirectory) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (EXCLUDED_NAMES.test(name) || (isDirectory && EXCLUDED_DIRECTORIES.has(name))) return true;
    return globs.some((fits) => fits(isDirectory ? `${path}/` : path));
  };
}

/** A line of `left_out.jsonl`. */
export interface Exclusion {
  readonly path: string;
  readonly reason: string;
}

const isExclusion = hasFields<Exclusion>({ path: isText, reason: isText });

/** The reason for a file excluded because of a secret; metadata and summary list these separately. */
export const SECRET_REASON = 'it holds a secret';

const MASK = '[redacted]';

/** The path with each segment that contains a secret masked. The same path when none does. */
export function maskSecretSegments(path: string, containsSecret: (bytes: Uint8Array) => boolean): string {
  const holds = (text: string): boolean => containsSecret(Buffer.from(text));
  if (!holds(path)) return path;
  const [top = '', ...names] = path.split('/');
  const shown = [top, ...names.map((name) => (holds(name) ? MASK : name))].join('/');
  // A secret with a slash in it spans segments.
  return holds(shown) ? `${top}/${MASK}` : shown;
}

export function exclusionsText(exclusions: readonly Exclusion[]): string {
  return exclusions.map(({ path, reason }) => `${JSON.stringify({ path, reason })}\n`).join('');
}

/** Throws a plain Error on an invalid line. */
export function parseExclusions(text: string): { excluded_secrets: string[]; skipped: Exclusion[] } {
  const lines = text.split('\n').filter((line) => line !== '');
  const exclusions = lines.map((line) => {
    const value: unknown = JSON.parse(line);
    if (!isExclusion(value) || Object.keys(value).length !== 2) throw new Error('a line has other fields than path and reason');
    return value;
  });
  return {
    excluded_secrets: exclusions.filter(({ reason }) => reason === SECRET_REASON).map(({ path }) => path),
    skipped: exclusions.filter(({ reason }) => reason !== SECRET_REASON),
  };
}
