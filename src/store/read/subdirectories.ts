/** What lies below a directory of runs. */
import { readdir } from 'node:fs/promises';
import type { StepwellError } from '../../errors/index.ts';
import { errnoOf, failureReason } from '../errno.ts';
import { storeError } from '../errors.ts';

/** Names of the directories in `path`, sorted; empty where there is nothing of that name. @throws RUNS_UNREADABLE */
export async function listSubdirectories(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw runsUnreadableError(path, error);
  });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** The error for a place of runs that is there and cannot be read. */
export function runsUnreadableError(path: string, error: unknown): StepwellError {
  const code = errnoOf(error);
  const denied = code === 'EACCES' || code === 'EPERM' ? 'you have no permission to read it' : failureReason(error);
  return storeError('RUNS_UNREADABLE', { path, reason: code === 'ENOTDIR' ? 'it is not a directory' : denied }, { cause: error });
}
