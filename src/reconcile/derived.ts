/**
 * Everything derived from `reconciliation.log`: metrics, summary, index, and last metadata.json. The size and digest of the log
 * in metadata.json confirm that the update is complete. After an interruption the log is longer than metadata.json says, and the
 * next command repeats the update. Measured figures still come from the sealed logs.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { describeRun, updateManifest } from '../catalog/index.ts';
import { metadataText, metricsText, RunMetadata, type ReconciliationSummary } from '../schema/index.ts';
import {
  ifErrno,
  METADATA_FILE,
  METRICS_FILE,
  openRunDirectory,
  RECONCILIATION_LOG,
  sha256OfFile,
  SUMMARY_FILE,
  writeFileAtomic,
  storeError,
} from '../store/index.ts';
import { computeMetrics, foldRun, readReconciliation, renderText } from '../summary/index.ts';

/** Whether the log holds records, even of an interrupted attempt, that the derived files do not show yet. */
export async function isStale(runDir: string, metadata: RunMetadata): Promise<boolean> {
  const bytes = metadata.reconciliation?.log_bytes ?? metadata.sealed?.files[RECONCILIATION_LOG] ?? 0;
  return (await sizeOf(join(runDir, RECONCILIATION_LOG))) !== bytes;
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(({ size }) => size, ifErrno('ENOENT', 0));
}

/**
 * Updates the derived files of a sealed run from its logs. The caller must hold the run's reconciliation lock. Returns null, and
 * writes nothing, when no attempt is recorded.
 *
 * @throws METADATA_MISSING, INDEX_TOO_NEW, LOCK_HELD; after the last two the run's own files are complete
 */
export async function updateDerived(runDir: string): Promise<ReconciliationSummary | null> {
  const reconciliation = await readReconciliation(runDir, { all: true });
  if (reconciliation === null) return null;
  // Fields that this version does not know stay as they are.
  const text = await readFile(join(runDir, METADATA_FILE), 'utf8');
  const metadata = JSON.parse(text) as RunMetadata;
  const { data } = RunMetadata.safeParse(metadata);
  if (data === undefined) throw storeError('METADATA_MISSING', { runDir });
  await using source = await openRunDirectory(runDir);
  const summary = { ...(await foldRun(source)), reconciliation };

  await writeFileAtomic(join(runDir, METRICS_FILE), metricsText(computeMetrics(summary)));
  await writeFileAtomic(join(runDir, SUMMARY_FILE), renderText(summary, data.archive));
  const indexed = await indexRun(runDir);
  const log = join(runDir, RECONCILIATION_LOG);
  const newMetadata: RunMetadata = {
    ...metadata,
    reconciliation: {
      verification_status: reconciliation.verification_status,
      attempts: reconciliation.attempts.length,
      last_attempt_at: reconciliation.last_attempt_at,
      log_bytes: await sizeOf(log),
      log_sha256: await sha256OfFile(log),
    },
  };
  await writeFileAtomic(join(runDir, METADATA_FILE), metadataText(newMetadata));
  if (indexed.error !== null) throw indexed.error;
  return reconciliation;
}

/** An index that cannot be written must not keep the run's own files from being completed, as when a run is sealed. */
async function indexRun(runDir: string): Promise<{ readonly error: unknown }> {
  const runsDir = dirname(dirname(runDir));
  try {
    await updateManifest(runsDir, await describeRun(runsDir, relative(runsDir, runDir).split(sep).join('/')));
    return { error: null };
  } catch (error) {
    return { error };
  }
}
