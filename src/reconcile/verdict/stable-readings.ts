/** Finds the readings that count among the attempts in the log. */
import type { ReconciliationAttempt, ReconciliationSettings, UsageComparison } from '../../schema/index.ts';
import { isZeroTokens } from '../totals.ts';

/** What an attempt asked for. Only readings of the same query can be equal. */
export type RecordedQuery = Pick<ReconciliationAttempt, 'provider' | 'filter' | 'window'>;

export interface CountedReading {
  readonly fetchedAt: string;
  /** Equal readings have equal keys. */
  readonly key: string;
  /** Null for a reading without figures. */
  readonly comparison: UsageComparison | null;
}

/** The key of every reading without tokens at the provider. */
export const EMPTY_READING = 'empty';

type Reading = NonNullable<ReconciliationAttempt['reading']>;

export function readingKey({ total }: Reading, comparison: UsageComparison | null): string {
  // Before the provider has figures there is no comparison.
  if (comparison === null || isZeroTokens(comparison.provider)) return EMPTY_READING;
  return JSON.stringify([total, comparison.provider, comparison.joint_ledger]);
}

/** Whether a reading is at least the interval after the last one that counts. */
export function isDue(fetchedAt: string, last: CountedReading | null, { interval_minutes }: ReconciliationSettings): boolean {
  return last === null || Date.parse(fetchedAt) - Date.parse(last.fetchedAt) >= interval_minutes * 60_000;
}

/**
 * The readings of `query` that count, oldest first. Each attempt recorded the interval that applied to it, so a later change of
 * the setting does not change which readings counted.
 */
export function countedReadings(attempts: readonly ReconciliationAttempt[], query: RecordedQuery): CountedReading[] {
  const asked = queryKey(query);
  let counted: CountedReading[] = [];
  for (const attempt of attempts) {
    const { reading, comparison, settings } = attempt;
    if (reading === null) continue;
    if (queryKey(attempt) !== asked) counted = [];
    else if (isDue(reading.fetched_at, counted.at(-1) ?? null, settings)) {
      counted.push({ fetchedAt: reading.fetched_at, key: readingKey(reading, comparison), comparison });
    }
  }
  return counted;
}

function queryKey({ provider, filter, window }: RecordedQuery): string {
  return JSON.stringify([provider, filter.api_key_id, filter.project_id, filter.workspace_id, window?.start, window?.end]);
}
