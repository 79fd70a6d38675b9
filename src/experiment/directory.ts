/** A new run directory. It appears at once with lease, configuration and metadata in it, so that no run is ever nameless. */
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

/** Creates the run directory under an id that no run of the framework has. */
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
    const building = join(dirname(runDir), `${STAGING_PREFIX}${runId}`);
    const lease = await withFileLock(join(dirname(runDir), CREATE_LOCK), async () => {
      return (await reserve(runDir)) ? await leased(building, { runId, runDir }) : null;
    });
    if (lease === null) continue;
    try {
      const metadata = options.metadataOf(runId);
      await writeFileAtomic(join(building, CONFIG_FILE), options.configText);
      await writeFileAtomic(join(building, METADATA_FILE), metadataText(metadata));
      // Replaces the empty directory that reserved the name, in one step.
      await rename(building, runDir);
      await syncDirectory(dirname(runDir));
      return { runId, runDir, lease: lease.movedTo(runDir), metadata };
    } catch (error) {
      await abandon(building, runDir);
      throw error;
    }
  }
}

async function leased(building: string, { runId, runDir }: { runId: string; runDir: string }): Promise<HeldLease> {
  try {
    return await acquireLease(building, { runId });
  } catch (error) {
    await abandon(building, runDir);
    throw error;
  }
}

/** Removes what was made for a run that has no record yet; the reserved name first, which the lease in the other protects. */
export async function abandon(building: string, runDir: string): Promise<void> {
  // Were it a run, it would not be empty.
  await rmdir(runDir).catch(() => {});
  await rm(building, { recursive: true, force: true });
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
