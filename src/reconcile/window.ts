/**
 * Clock minutes. A provider counts a call in the minute in which it began or in the one in which it was complete; which of them
 * is not documented, so both, and all between, belong to the call.
 */
import type { UsageWindow } from '../schema.ts';
import type { LedgerCall, RunLedger } from './ledger.ts';

export const MINUTE_MS = 60_000;

/** `[start, end)` in Unix milliseconds, whole minutes. */
export interface Minutes {
  readonly start: number;
  readonly end: number;
}

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

/** Every minute from `first` to `last`, those two included. */
export function minutesBetween(first: number, last: number): Minutes {
  return { start: minuteOf(first), end: minuteOf(Math.max(first, last)) + MINUTE_MS };
}

/** @param runEndedAt stands in for the end that a call does not have */
export function minutesOfCall({ startedAt, endedAt }: LedgerCall, runEndedAt: number): Minutes {
  return minutesBetween(startedAt, endedAt ?? runEndedAt);
}

/** The minutes that hold every call of the run; of a run without calls, those of the run. Null when nothing has a time. */
export function windowOf({ start, endedAt, calls }: RunLedger): Minutes | null {
  if (calls.length > 0) return unionOf(calls.map((call) => minutesOfCall(call, endedAt)));
  return start === null ? null : minutesBetween(start.at, endedAt);
}

/** From the first to the last minute of all. */
export function unionOf(all: readonly Minutes[]): Minutes {
  return all.reduce((union, { start, end }) => ({ start: Math.min(union.start, start), end: Math.max(union.end, end) }));
}

export function overlap(a: Minutes, b: Minutes): boolean {
  return a.start < b.end && b.start < a.end;
}

/** The start of each minute of these that lies within `bounds`. */
export function minuteStarts(all: Iterable<Minutes>, bounds: Minutes): Set<number> {
  const starts = new Set<number>();
  for (const { start, end } of all) {
    for (let at = Math.max(start, bounds.start); at < Math.min(end, bounds.end); at += MINUTE_MS) starts.add(at);
  }
  return starts;
}

export function windowText({ start, end }: Minutes): UsageWindow {
  return { start: new Date(start).toISOString(), end: new Date(end).toISOString(), minutes: (end - start) / MINUTE_MS };
}
