/** Creates run directories atomically: a run directory always has its lease, configuration and metadata. */
import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { metadataText, newRunId, type RunMetadata } from '../schema/index.ts';
import {
  acquireLease,
  CONFIG_FILE,
  CREATE_LOCK,
  errnoOf,
  type HeldLease,
  METADATA_FILE,
  runDirOf,
  STAGING_PREFIX,
  syncDirectory,
  withFileLock,
  writeFileAtomic,
} from '../store/index.ts';

export interface NewRun {
  readonly runId: string;
  /** Absolute. */
  readonly runDir: string;
  readonly lease: HeldLease;
  readonly metadata: RunMetadata;
}

/** Creates the run directory under an id that no other run of the framework has. */
export async function createRunDirectory(options: {
  runsDir: string;
  framework: string;
  configText: string;
  metadataOf: (runId: string) => RunMetadata;
  newId?: () => string;
}): Promise<NewRun> {
  const { runsDir, framework, newId = newRunId } = options;
  for (;;) {
    const runId = newId();
    const runDir = runDirOf(runsDir, framework, runId);
    const staging = join(dirname(runDir), `${STAGING_PREFIX}${runId}`);
    const lease = await withFileLock(join(dirname(runDir), CREATE_LOCK), async () => {
      return (await reserve(runDir)) ? await acquireStagedLease(staging, { runId, runDir }) : null;
    });
    if (lease === null) continue;
    try {
      const metadata = options.metadataOf(runId);
      await writeFileAtomic(join(staging, CONFIG_FILE), options.configText);
      await writeFileAtomic(join(staging, METADATA_FILE), metadataText(metadata));
      // Atomically replaces the empty directory that reserved the name.
      await rename(staging, runDir);
      await syncDirectory(dirname(runDir));
      return { runId, runDir, lease: lease.movedTo(runDir), metadata };
    } catch (error) {
      await discardStaged(staging, runDir);
      throw error;
    }
  }
}

async function acquireStagedLease(staging: string, { runId, runDir }: { runId: string; runDir: string }): Promise<HeldLease> {
  try {
    return await acquireLease(staging, { runId });
  } catch (error) {
    await discardStaged(staging, runDir);
    throw error;
  }
}

/** Removes the staging directory of a run without a record; first the reserved name, which the lease in staging protects. */
export async function discardStaged(staging: string, runDir: string): Promise<void> {
  // Succeeds only if empty, so never removes a run.
  await rmdir(runDir).catch(() => {});
  await rm(staging, { recursive: true, force: true });
}

/** False when the name is taken. */
async function reserve(runDir: string): Promise<boolean> {
  try {
    await mkdir(runDir);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}
