/** What the simulated provider has booked, and when which figure of it can be seen. */

export interface BookedCall {
  /** When the call ended. */
  readonly at: Date;
  /** When it began; default: `at`. Counts for `attribution: 'start'` alone. */
  readonly startedAt?: Date;
  readonly model: string;
  readonly apiKeyId?: string | null;
  readonly projectId?: string | null;
  readonly workspaceId?: string | null;
  /** All input tokens: cached ones and those written to the cache included. */
  readonly input: number;
  readonly cached?: number;
  readonly cacheWrite?: number;
  readonly output: number;
  readonly report?: 'completions' | 'embeddings';
  readonly batch?: boolean;
  /** What it costs; booked on the day of the call. A decimal. */
  readonly usd?: string;
}

export interface Revision {
  /** From this simulated time on the figures below hold. */
  readonly from: Date;
  readonly input?: number;
  readonly cached?: number;
  readonly output?: number;
}

export const MINUTE = 60_000;
export const DAY = 86_400_000;

/** A simulated account: calls are booked on clock minutes and become visible after a delay. */
export class Book {
  #calls: { call: BookedCall; revisions: Revision[] }[] = [];
  delayMs: number | ((call: BookedCall) => number) = 0;
  attribution: 'completion' | 'start' = 'completion';

  record(call: BookedCall): number {
    return this.#calls.push({ call, revisions: [] }) - 1;
  }

  revise(id: number, revision: Revision): void {
    const booked = this.#calls[id];
    if (booked === undefined) throw new Error(`no call ${id} is booked`);
    booked.revisions.push(revision);
  }

  /** What can be seen at `now`: each call with its minute and the figures of that time. */
  seenAt(now: Date): { minute: number; call: BookedCall }[] {
    const seen: { minute: number; call: BookedCall }[] = [];
    for (const { call, revisions } of this.#calls) {
      const delay = typeof this.delayMs === 'number' ? this.delayMs : this.delayMs(call);
      if (call.at.getTime() + delay > now.getTime()) continue;
      const at = this.attribution === 'start' ? (call.startedAt ?? call.at) : call.at;
      let figures = call;
      for (const { from, ...changed } of revisions) if (from <= now) figures = { ...figures, ...changed };
      seen.push({ minute: Math.floor(at.getTime() / MINUTE) * MINUTE, call: figures });
    }
    return seen;
  }
}

/**
 * Cuts `[start, end)` into buckets of `width`. The account is kept in minutes: a minute belongs to the range when its start does,
 * and the first bucket of a range that begins inside a day begins with its first whole minute.
 */
export function bucketsBetween(start: number, end: number, width: number): { start: number; end: number }[] {
  const buckets: { start: number; end: number }[] = [];
  let from = Math.ceil(start / MINUTE) * MINUTE;
  while (from < end) {
    const to = (Math.floor(from / width) + 1) * width;
    buckets.push({ start: from, end: to });
    from = to;
  }
  return buckets;
}

/** Groups by the values of `dimensions`; a dimension that is not asked for is null in every row. */
export function grouped(
  calls: readonly BookedCall[],
  dimensionsOf: (call: BookedCall) => Record<string, unknown>,
  asked: readonly string[],
): { dimensions: Record<string, unknown>; calls: BookedCall[] }[] {
  const groups = new Map<string, { dimensions: Record<string, unknown>; calls: BookedCall[] }>();
  for (const call of calls) {
    const all = dimensionsOf(call);
    const dimensions = Object.fromEntries(
      Object.entries(all).map(([name, value]) => [name, asked.includes(name) ? value : null]),
    );
    const key = JSON.stringify(dimensions);
    const group = groups.get(key) ?? { dimensions, calls: [] };
    group.calls.push(call);
    groups.set(key, group);
  }
  return [...groups.values()];
}

export function sum(calls: readonly BookedCall[], figure: (call: BookedCall) => number): number {
  return calls.reduce((total, call) => total + figure(call), 0);
}

/** Sum of decimals, as a decimal with twelve places. */
export function sumDecimals(values: readonly string[], shift = 0): string {
  const places = 12;
  const total = values.reduce((all, value) => {
    const [whole = '0', part = ''] = value.split('.');
    return all + BigInt(whole + part.padEnd(places, '0').slice(0, places)) * 10n ** BigInt(shift);
  }, 0n);
  const digits = total.toString().padStart(places + 1, '0');
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
