/** Recovery of everything below a runs directory. */
import { resolveRunsDir } from '../config/index.ts';
import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RUN_ID } from '../schema/index.ts';
import { CREATE_LOCK, leaseState, readLease, STAGING_PREFIX, listSubdirectories, withFileLock } from '../store/index.ts';
import { discardStaged } from './directory.ts';
import { recoverRun, type RecoverOptions, type Recovery } from './recover.ts';

/**
 * Recovers every run that needs it; the result leaves out those with nothing to do. A failed recovery does not stop the rest: its
 * item has the outcome `failed` and the error. Also removes what processes left that died before their run had a directory.
 *
 * @param directory of all runs; default: `STEPWELL_RUNS_DIR`, else `runs`
 * @throws StepwellError with CONFIG_INVALID where it is an empty text, RUNS_UNREADABLE, LOCK_HELD
 * @example
 * for (const { runId, outcome } of await recoverAll('runs')) console.log(runId, outcome);
 */
export async function recoverAll(
  directory?: string,
  options: RecoverOptions = {},
): Promise<
  (Recovery | { readonly outcome: 'failed'; readonly runId: string; readonly runDir: string; readonly error: unknown })[]
> {
  const runsDir = resolveRunsDir({ options: { runsDir: directory } });
  const results = [];
  for (const framework of await listSubdirectories(runsDir)) {
    const parent = join(runsDir, framework);
    if (await hasStaging(parent)) await removeStaging(parent);
    for (const name of await listSubdirectories(parent)) {
      const runDir = join(parent, name);
      if (!RUN_ID.test(name)) continue;
      try {
        const result = await recoverRun(runDir, options);
        if (result.outcome !== 'nothing_to_do') results.push(result);
      } catch (error) {
        results.push({ outcome: 'failed' as const, runId: name, runDir, error });
      }
    }
  }
  return results;
}

/** Whether there is anything that is being made, or was by a process that died. */
async function hasStaging(parent: string): Promise<boolean> {
  for (const name of await listSubdirectories(parent)) {
    if (name.startsWith(STAGING_PREFIX)) return true;
    // What cannot be read, or has just gone, is not known to be empty.
    const entries = RUN_ID.test(name) ? await readdir(join(parent, name)).catch(() => null) : null;
    if (entries?.length === 0) return true;
  }
  return false;
}

/** Removes what processes left that died before their run directory had its name: no runs, and nothing of one. */
async function removeStaging(parent: string): Promise<void> {
  await withFileLock(join(parent, CREATE_LOCK), async () => {
    const names = await listSubdirectories(parent);
    const alive = new Set<string>();
    for (const name of names.filter((each) => each.startsWith(STAGING_PREFIX))) {
      const staging = join(parent, name);
      const runId = name.slice(STAGING_PREFIX.length);
      const lease = await readLease(staging);
      if (lease === null || leaseState(lease) === 'dead') await discardStaged(staging, join(parent, runId));
      else alive.add(runId);
    }
    for (const name of names) {
      // A reserved name whose owner died before it made anything. A run is not empty, and stays.
      if (RUN_ID.test(name) && !alive.has(name)) await rmdir(join(parent, name)).catch(() => {});
    }
  });
}
