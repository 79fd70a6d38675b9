/**
 * Clock minutes. A provider counts a call in the minute in which it started or in which it completed; which one is not
 * documented, so both, and all minutes between, belong to the call. The provider uses its own clock and may book the call later
 * than we received the last byte, so a margin on both sides belongs to the call too.
 */
import type { UsageWindow } from '../../schema/index.ts';
import type { LedgerCall, RunLedger } from '../ledger.ts';

export const MINUTE_MS = 60_000;

/** Maximum difference of the two clocks, including the delay until a finished call is booked. */
export const CLOCK_MARGIN_MS = 5_000;
/** How long a provider may continue, and then bill, a call that was interrupted on our side. */
export const INCOMPLETE_MARGIN_MS = 60_000;

/** `[start, end)` in Unix milliseconds, whole minutes. */
export interface MinuteRange {
  readonly start: number;
  readonly end: number;
}

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

/** Every minute from `first` to `last`, inclusive. */
function minutesBetween(first: number, last: number): MinuteRange {
  return { start: minuteOf(first), end: minuteOf(Math.max(first, last)) + MINUTE_MS };
}

/**
 * Every minute in which the provider may have booked the call.
 *
 * @param runEndedAt used when the call has no recorded end
 */
export function minutesOfCall({ startedAt, endedAt, incomplete }: CallTimes, runEndedAt: number): MinuteRange {
  const end = Math.max(startedAt, endedAt ?? runEndedAt);
  return minutesBetween(startedAt - CLOCK_MARGIN_MS, end + (incomplete ? INCOMPLETE_MARGIN_MS : CLOCK_MARGIN_MS));
}

/** Every minute in which the provider may have booked a call of a run between these times. */
export function minutesOfRun(startedAt: number, endedAt: number): MinuteRange {
  return minutesOfCall({ startedAt, endedAt, incomplete: true }, endedAt);
}

type CallTimes = Pick<LedgerCall, 'startedAt' | 'endedAt' | 'incomplete'>;

/** The minutes that contain every call of the run; for a run without calls, the minutes of the run. Null without any times. */
export function windowOf({ start, endedAt, calls }: RunLedger): MinuteRange | null {
  if (calls.length > 0) return unionOf(calls.map((call) => minutesOfCall(call, endedAt)));
  return start === null ? null : minutesBetween(start.at, endedAt);
}

/** From the first to the last minute of all ranges. */
export function unionOf(all: readonly MinuteRange[]): MinuteRange {
  return all.reduce((union, { start, end }) => ({ start: Math.min(union.start, start), end: Math.max(union.end, end) }));
}

export function overlaps(a: MinuteRange, b: MinuteRange): boolean {
  return a.start < b.end && b.start < a.end;
}

/** The start of each minute of these ranges within `bounds`. */
export function minuteStarts(all: Iterable<MinuteRange>, bounds: MinuteRange): Set<number> {
  const starts = new Set<number>();
  for (const { start, end } of all) {
    for (let at = Math.max(start, bounds.start); at < Math.min(end, bounds.end); at += MINUTE_MS) starts.add(at);
  }
  return starts;
}

export function toUsageWindow({ start, end }: MinuteRange): UsageWindow {
  return { start: new Date(start).toISOString(), end: new Date(end).toISOString(), minutes: (end - start) / MINUTE_MS };
}
