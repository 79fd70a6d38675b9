/** Opens a run's files where they are. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openArchive } from '../archive.ts';
import { stepwellError } from '../errors.ts';
import { ARCHIVE_FILE, LOGS_DIR, openRunDirectory, type OpenRunDirectoryOptions, type RunSource } from '../store.ts';
import type { FoundRun } from './find.ts';

/**
 * The run as a source. A directory without logs, as git keeps it, is read from the archive in it.
 *
 * @throws NOT_A_RUN when neither logs nor archive are there
 */
export async function openRun(found: FoundRun, options: OpenRunDirectoryOptions = {}): Promise<RunSource> {
  if (found.kind === 'archive') return openArchive(found.archive);
  if (existsSync(join(found.dir, LOGS_DIR))) return openRunDirectory(found.dir, options);
  const archive = join(found.dir, ARCHIVE_FILE);
  if (existsSync(archive)) return openArchive(archive);
  throw stepwellError('RUN_WITHOUT_LOGS', { dir: found.dir });
}
