/** Where the reconciliation of a run stands: the fold of its `reconciliation.log`, which the sealed record never sees. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StepwellError } from '../errors.ts';
import { ReconciliationAttempt, RunMetadata, type ReconciliationSummary } from '../schema.ts';
import { METADATA_FILE, openRunDirectory, readLogFile, RECONCILIATION_LOG, type ReadItem } from '../store.ts';

const Confirmed = z.object({ reconciliation: RunMetadata.shape.reconciliation });

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

export interface ReadReconciliationOptions {
  /** Also what is behind the bytes that metadata.json confirms: an attempt that is being written, or that was cut off. */
  readonly all?: boolean;
}

/**
 * Reads where the reconciliation of a run stands from its directory; null before the first attempt that metadata.json
 * confirms, and where the log is not there, as in a clone of the records.
 *
 * @throws NOT_A_RUN
 */
export async function readReconciliation(
  runDir: string,
  { all = false }: ReadReconciliationOptions = {},
): Promise<ReconciliationSummary | null> {
  const bytes = all ? null : await confirmedBytes(runDir);
  if (bytes === 0) return null;
  await using source = await openRunDirectory(runDir, { sealed: bytes === null ? null : { [RECONCILIATION_LOG]: bytes } });
  try {
    return await foldReconciliation(readLogFile(source, RECONCILIATION_LOG));
  } catch (error) {
    if (error instanceof StepwellError && error.code === 'RUN_FILE_MISSING') return null;
    throw error;
  }
}

/** Bytes of the log that metadata.json vouches for; 0 where it names none or cannot be read, which `verify` reports. */
async function confirmedBytes(runDir: string): Promise<number> {
  const text = await readFile(join(runDir, METADATA_FILE), 'utf8').catch(() => '');
  try {
    return Confirmed.parse(JSON.parse(text)).reconciliation?.log_bytes ?? 0;
  } catch {
    return 0;
  }
}
