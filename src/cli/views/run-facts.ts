/** What the logs of a run amount to, and what is known of its archive. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readArchiveFacts } from '../../archive/index.ts';
import type { FoundRun } from '../../catalog/index.ts';
import { parseJsonAs, RunMetadata, type ArchiveFacts, type RunSummary } from '../../schema/index.ts';
import { ARCHIVE_FILE, METADATA_FILE, type RunSource } from '../../store/index.ts';
import { foldRun, readReconciliation } from '../../summary/index.ts';

export interface RunFacts {
  readonly summary: RunSummary;
  /** Null while the run is not sealed. */
  readonly archive: ArchiveFacts | null;
}

/** The same summary from a run directory and from its archive: both fold what was sealed. Beside it is the reconciliation, which only the directory has. */
export async function summaryOf(found: FoundRun, source: RunSource): Promise<RunFacts> {
  const folded = await foldRun(source);
  if (found.kind === 'archive') return { summary: folded, archive: await readArchiveFacts(found.archive) };
  // A run that died before its first record has its name from its directory.
  const { run_id, framework } = found.entry;
  const reconciliation = await readReconciliation(found.dir);
  const summary = { ...folded, run_id: folded.run_id ?? run_id, framework: folded.framework ?? framework, reconciliation };
  return { summary, archive: await recordedArchive(found.dir) };
}

/** The archive as metadata.json has it; where that is absent, from the archive itself. */
async function recordedArchive(dir: string): Promise<ArchiveFacts | null> {
  const text = await readFile(join(dir, METADATA_FILE), 'utf8').catch(() => null);
  if (text !== null) return parseJsonAs(RunMetadata.pick({ archive: true }), text)?.archive ?? null;
  const archive = join(dir, ARCHIVE_FILE);
  return existsSync(archive) ? readArchiveFacts(archive) : null;
}
