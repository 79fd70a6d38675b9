/** Recovery of everything below a runs directory. */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RUN_ID } from '../run.ts';
import { leaseState, readLease } from '../store.ts';
import { UNBORN } from './directory.ts';
import { recoverRun, type RecoverOptions, type Recovery } from './recover.ts';

/** Looks at every run; those with nothing to do are left out of the answer. One that cannot be recovered does not keep the rest. */
export async function recoverAll(
  runsDir: string,
  options: RecoverOptions = {},
): Promise<
  (Recovery | { readonly outcome: 'failed'; readonly runId: string; readonly runDir: string; readonly error: Error })[]
> {
  const results = [];
  for (const framework of await directories(runsDir)) {
    const parent = join(runsDir, framework);
    for (const name of await directories(parent)) {
      const runDir = join(parent, name);
      if (name.startsWith(UNBORN)) await removeUnborn(parent, name);
      if (!RUN_ID.test(name)) continue;
      try {
        const result = await recoverRun(runDir, options);
        if (result.outcome !== 'nothing_to_do') results.push(result);
      } catch (error) {
        results.push({ outcome: 'failed' as const, runId: name, runDir, error: error as Error });
      }
    }
  }
  return results;
}

async function directories(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** What a process left that died before its run directory had its name: no run, and nothing of one. */
async function removeUnborn(parent: string, name: string): Promise<void> {
  const path = join(parent, name);
  const lease = await readLease(path);
  if (lease === null || leaseState(lease) !== 'dead') return;
  await rm(path, { recursive: true, force: true });
  // The directory that reserved the name; were it a run, it would not be empty.
  await rmdir(join(parent, name.slice(UNBORN.length))).catch(() => {});
}
