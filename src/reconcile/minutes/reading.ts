/** Turns the provider's minutes into a reading of one run. */
import type { ProviderReading, UsageFigures } from '../../schema/index.ts';
import type { UsageBucket, UsageRow } from '../api/usage-api.ts';
import { sumUsage } from '../totals.ts';
import type { JointMinutes } from './shared-minutes.ts';
import { minutesOfCall, minuteStarts, type MinuteRange } from './window.ts';

/** The provider's figures, minute by minute. */
export interface ProviderMinutes {
  /** Exact sums over whole minutes for which `wanted` holds. */
  sum(includes: (minute: number) => boolean): UsageFigures;
}

export function providerMinutes(buckets: readonly UsageBucket[]): ProviderMinutes {
  const minutes = buckets.map(({ start, rows }) => ({ at: Date.parse(start), figures: sumUsage(rows.map(figuresOf)) }));
  return { sum: (includes) => sumUsage(minutes.filter(({ at }) => includes(at)).map(({ figures }) => figures)) };
}

/** Embeddings have no output and no cached input, so providers omit these fields. */
function figuresOf({ report, input_tokens, output_tokens, cached_tokens, api_calls }: UsageRow): UsageFigures {
  if (report !== 'embeddings') return { input_tokens, output_tokens, cached_tokens, api_calls };
  return { input_tokens, output_tokens: output_tokens ?? 0, cached_tokens: cached_tokens ?? 0, api_calls };
}

/**
 * The start of every minute that the run shares: another run may have a call booked in it, or several API keys were used.
 *
 * @param isOneKey the query was filtered by one key
 */
export function sharedMinutes(
  { minutes, shared }: JointMinutes,
  buckets: readonly UsageBucket[],
  isOneKey: boolean,
): Set<number> {
  const all = shared.flatMap(({ other, calls }) => calls.map((call) => minutesOfCall(call, other.ledger.endedAt)));
  const starts = minuteStarts(all, minutes);
  if (isOneKey) return starts;
  for (const { start, rows } of buckets) {
    if (new Set(rows.map(({ api_key_id }) => api_key_id)).size > 1) starts.add(Date.parse(start));
  }
  return starts;
}

export interface ReadingParts {
  readonly fetchedAt: string;
  readonly buckets: readonly UsageBucket[];
  readonly window: MinuteRange;
  readonly joint: JointMinutes;
  /** The start of each minute shared with others. */
  readonly sharedStarts: ReadonlySet<number>;
  readonly cost: ProviderReading['cost'];
}

/** The reading: what the provider reported for the window. */
export function readingOf({ fetchedAt, buckets, window, joint, sharedStarts, cost }: ReadingParts): ProviderReading {
  const minutes = providerMinutes(buckets);
  const inWindow = (at: number): boolean => at >= window.start && at < window.end;
  const ours = buckets.filter(({ start }) => inWindow(Date.parse(start)));
  const rows = ours.flatMap((bucket) => bucket.rows);
  const keys = new Set(rows.flatMap(({ api_key_id }) => api_key_id ?? []));
  const models = [...new Set(rows.map(modelOf))].sort();
  return {
    fetched_at: fetchedAt,
    total: minutes.sum(inWindow),
    own: minutes.sum((at) => inWindow(at) && !sharedStarts.has(at)),
    minutes_with_usage: ours.filter((bucket) => bucket.rows.length > 0).length,
    shared_minutes: ours.filter(({ start }) => sharedStarts.has(Date.parse(start))).length,
    shared_with: joint.shared
      .filter(({ other, calls }) => {
        const theirs = calls.map((call) => minutesOfCall(call, other.ledger.endedAt));
        return minuteStarts(theirs, window).size > 0;
      })
      .map(({ other }) => ({ framework: other.framework, run_id: other.runId })),
    api_keys: keys.size === 0 ? null : keys.size,
    models: models.map((model) => ({
      model,
      ...sumUsage(rows.filter((row) => modelOf(row) === model).map(figuresOf)),
    })),
    cost,
  };
}

function modelOf({ model }: UsageRow): string {
  return model ?? 'unknown';
}
