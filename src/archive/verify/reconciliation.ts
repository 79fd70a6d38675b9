/** `reconciliation.log`, which grows after sealing: against what metadata.json recorded of it after each attempt. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReconciliationSummary, RunMetadata } from '../../schema/index.ts';
import {
  LOGS_DIR,
  METADATA_FILE,
  openRunDirectory,
  readLogFile,
  RECONCILIATION_LOG,
  sha256OfFile,
  type ReadItem,
} from '../../store/index.ts';
import { foldReconciliation, readReconciliation } from '../../summary/index.ts';
import type { Differences } from './report.ts';

type Recorded = NonNullable<RunMetadata['reconciliation']>;

/** What reconciliation added after sealing. */
export interface CheckedReconciliation {
  readonly summary: ReconciliationSummary | null;
  /** What metadata.json should say of it. */
  readonly confirmed: Recorded;
}

/**
 * Checks the log and folds the part that metadata.json vouches for. Null when it names no attempt.
 *
 * @param sealedBytes of the log in the archive: a run may have written to it itself
 */
export async function checkReconciliation(
  differences: Differences,
  runDir: string,
  recorded: Recorded | null,
  run: { readonly runId: string | null; readonly sealedBytes: number },
): Promise<CheckedReconciliation | null> {
  const bytes = recorded?.log_bytes ?? run.sealedBytes;
  if (recorded !== null && !existsSync(join(runDir, LOGS_DIR))) {
    differences.note(
      `${RECONCILIATION_LOG} is not here, as in a clone: its attempts are taken from metrics.json and were not checked`,
    );
    return { summary: await readReconciliation(runDir), confirmed: recorded };
  }
  const path = join(runDir, RECONCILIATION_LOG);
  const size = (await stat(path).catch(() => null))?.size ?? null;
  if (size === null) {
    if (recorded === null) return null;
    differences.add(RECONCILIATION_LOG, `${bytes} bytes, as ${METADATA_FILE} recorded`, 'missing');
    return { summary: null, confirmed: recorded };
  }
  if (size < bytes) differences.add(RECONCILIATION_LOG, `${bytes} bytes, as ${METADATA_FILE} recorded`, `${size} bytes`);
  if (size > bytes) {
    differences.add(
      RECONCILIATION_LOG,
      `${bytes} bytes, as ${METADATA_FILE} recorded`,
      `${size} bytes: an attempt was cut off or is going on, or somebody appended; the next attempt takes its records in`,
    );
  }
  if (recorded === null) return null;
  const digest = await sha256OfFile(path, bytes);
  differences.compare(`${RECONCILIATION_LOG} sha256`, recorded.log_sha256, digest);
  await using source = await openRunDirectory(runDir, { sealed: { [RECONCILIATION_LOG]: bytes } });
  const summary = await foldReconciliation(ofRun(differences, readLogFile(source, RECONCILIATION_LOG), run.runId));
  if (summary === null) {
    differences.add(`${METADATA_FILE} reconciliation`, `${recorded.attempts} attempts`, `none in ${RECONCILIATION_LOG}`);
    return { summary, confirmed: recorded };
  }
  differences.count('reconciliation_attempts', summary.attempts.length);
  const { verification_status, last_attempt_at } = summary;
  return {
    summary,
    confirmed: { ...recorded, verification_status, attempts: summary.attempts.length, last_attempt_at, log_sha256: digest },
  };
}

/** Reports the first record of another run: the log of one run in the place of another's. */
async function* ofRun(differences: Differences, items: AsyncIterable<ReadItem>, runId: string | null): AsyncGenerator<ReadItem> {
  let reported = false;
  for await (const item of items) {
    if ('record' in item && item.record.run_id !== runId && !reported) {
      reported = true;
      const found = `run ${item.record.run_id}, in ${item.file} line ${item.line}`;
      differences.add('records of another run', `run ${runId ?? 'unknown'}`, found);
    }
    yield item;
  }
}
