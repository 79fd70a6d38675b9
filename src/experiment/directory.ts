/** A new run directory. It appears at once with lease, configuration and metadata in it, so that no run is ever nameless. */
import { mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { newRunId } from '../run.ts';
import { metadataText, type RunMetadata } from '../schema.ts';
import { acquireLease, CONFIG_FILE, METADATA_FILE, runDirOf, writeFileAtomic, type HeldLease } from '../store.ts';

/** In front of the name while the directory is made; a name with a dot in front is no run, whoever looks. */
export const UNBORN = '.new-';

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
    await mkdir(dirname(runDir), { recursive: true });
    if (!(await reserve(runDir))) continue;
    const building = join(dirname(runDir), `${UNBORN}${runId}`);
    try {
      const lease = await acquireLease(building, { runId });
      const metadata = options.metadataOf(runId);
      await writeFileAtomic(join(building, CONFIG_FILE), options.configText);
      await writeFileAtomic(join(building, METADATA_FILE), metadataText(metadata));
      // Replaces the empty directory that reserved the name, in one step.
      await rename(building, runDir);
      await syncDirectory(dirname(runDir));
      return { runId, runDir, lease: lease.movedTo(runDir), metadata };
    } catch (error) {
      await rm(building, { recursive: true, force: true });
      await rmdir(runDir).catch(() => {});
      throw error;
    }
  }
}

/** False when the name is taken. */
async function reserve(runDir: string): Promise<boolean> {
  try {
    await mkdir(runDir);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  await using dir = await open(path, 'r');
  await dir.sync();
}
