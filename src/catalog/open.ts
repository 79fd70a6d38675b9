/** Opens a run from its directory or its archive. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openArchive } from '../archive/open.ts';
import {
  ARCHIVE_FILE,
  LOGS_DIR,
  METADATA_FILE,
  openRunDirectory,
  type OpenRunDirectoryOptions,
  type RunSource,
} from '../store/index.ts';
import type { FoundRun } from './find.ts';
import { requireReadable } from './format.ts';
import { catalogError } from './errors.ts';

/**
 * Opens the run that `findRun` found. A directory without logs, as git keeps it, is read from the archive in it. Dispose of the
 * source.
 *
 * @throws StepwellError with RUN_WITHOUT_LOGS when neither logs nor archive are there; for an archive alone also RUN_TOO_NEW,
 *   RUN_TOO_OLD, RUN_FORMAT_UNKNOWN; and the codes of `openRunDirectory` or `openArchive`
 * @example await using source = await openRun(await findRun('runs', 'latest'));
 */
export async function openRun(found: FoundRun, options: OpenRunDirectoryOptions = {}): Promise<RunSource> {
  if (found.kind === 'archive') return readable(await openArchive(found.archive));
  if (existsSync(join(found.dir, LOGS_DIR))) return openRunDirectory(found.dir, options);
  const archive = join(found.dir, ARCHIVE_FILE);
  if (existsSync(archive)) return openArchive(archive);
  throw catalogError('RUN_WITHOUT_LOGS', { dir: found.dir });
}

async function readable(archive: RunSource): Promise<RunSource> {
  try {
    requireReadable(archive.location, (await archive.read(METADATA_FILE))?.toString('utf8') ?? null);
    return archive;
  } catch (error) {
    await archive[Symbol.asyncDispose]();
    throw error;
  }
}
