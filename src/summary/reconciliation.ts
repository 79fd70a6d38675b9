/** The reconciliation status of a run: the fold of its `reconciliation.log`, which is not part of the sealed record. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StepwellError } from '../errors/index.ts';
import { parseJsonAs, ReconciliationAttempt, RunMetadata, RunMetrics, type ReconciliationSummary } from '../schema/index.ts';
import {
  LOGS_DIR,
  METADATA_FILE,
  METRICS_FILE,
  openRunDirectory,
  readLogFile,
  RECONCILIATION_LOG,
  type ReadItem,
} from '../store/index.ts';

const Confirmed = z.object({ reconciliation: RunMetadata.shape.reconciliation });
const Kept = z.object({ usage_api_reconciliation: RunMetrics.shape.usage_api_reconciliation });

/**
 * Folds the lines of a run's `reconciliation.log`, in file order. State and reason are the last attempt's; window, reading,
 * comparison and steps those of the newest attempt that has them. What is no attempt, or a damaged line, changes nothing.
 * Null when there is no attempt.
 */
export async function foldReconciliation(
  items: AsyncIterable<ReadItem> | Iterable<ReadItem>,
): Promise<ReconciliationSummary | null> {
  let summary: ReconciliationSummary | null = null;
  for await (const item of items) {
    if (!('record' in item) || item.record.event !== 'reconciliation_attempt') continue;
    const parsed = ReconciliationAttempt.safeParse(item.record.metadata);
    if (parsed.success) summary = addAttempt(summary, parsed.data, item.record.timestamp);
  }
  return summary;
}

function addAttempt(
  before: ReconciliationSummary | null,
  { attempt, state, reason, reading, ...rest }: ReconciliationAttempt,
  timestamp: string,
): ReconciliationSummary {
  const tried = {
    attempt,
    timestamp,
    status: state,
    message: reason,
    total_tokens_in: reading?.total.input_tokens ?? null,
    total_tokens_out: reading?.total.output_tokens ?? null,
    total_cached_tokens: reading?.total.cached_tokens ?? null,
    total_api_calls: reading?.total.api_calls ?? null,
  };
  return {
    ...rest,
    window: rest.window ?? before?.window ?? null,
    comparison: rest.comparison ?? before?.comparison ?? null,
    steps: rest.steps.length > 0 ? rest.steps : (before?.steps ?? []),
    verification_status: state,
    verification_message: reason,
    last_attempt_at: timestamp,
    last_reading: reading ?? before?.last_reading ?? null,
    attempts: [...(before?.attempts ?? []), tried],
  };
}

/**
 * Reads the reconciliation status of a run from its directory; null before the first attempt that metadata.json
 * confirms. A clone of the records has no logs: there metrics.json tells.
 *
 * @param options `all`: also what is behind the confirmed bytes, an attempt that is being written or was cut off
 */
export async function readReconciliation(
  runDir: string,
  { all = false }: { readonly all?: boolean } = {},
): Promise<ReconciliationSummary | null> {
  if (!existsSync(join(runDir, LOGS_DIR))) {
    return (await readAs(Kept, join(runDir, METRICS_FILE)))?.usage_api_reconciliation ?? null;
  }
  const confirmed = all ? null : await readAs(Confirmed, join(runDir, METADATA_FILE));
  const bytes = confirmed?.reconciliation?.log_bytes ?? 0;
  if (!all && bytes === 0) return null;
  await using source = await openRunDirectory(runDir, { sealed: all ? null : { [RECONCILIATION_LOG]: bytes } });
  try {
    return await foldReconciliation(readLogFile(source, RECONCILIATION_LOG));
  } catch (error) {
    if (error instanceof StepwellError && error.code === 'RUN_FILE_MISSING') return null;
    throw error;
  }
}

/** Null where the file is absent or of another shape, which `verify` reports. */
async function readAs<T>(shape: z.ZodType<T>, path: string): Promise<T | null> {
  return parseJsonAs(shape, await readFile(path, 'utf8').catch(() => ''));
}
