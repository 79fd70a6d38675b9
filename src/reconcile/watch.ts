/** Round after round, until nothing is awaited any more. */
import { setTimeout as delay } from 'node:timers/promises';
import { reconcileRound } from './batch.ts';
import type { ReconcileReport, RunReconciliation, WatchOptions } from './options.ts';

/** Between two rounds, however often readings may count. */
const MIN_PAUSE_MS = 60_000;
/** Timers take no more; a longer wait is looked at again. */
const MAX_PAUSE_MS = 86_400_000;

/**
 * Repeats until each chosen run is settled, or waits for a person. A run is asked for when a reading of it counts, not before.
 * Runs that begin meanwhile join in. An abort ends it after what is under way.
 *
 * @throws as `reconcileRuns`
 */
export async function watchRuns(options: WatchOptions): Promise<ReconcileReport> {
  const { now = () => new Date(), wait = pause, signal, onRound } = options;
  let known = new Map<string, RunReconciliation>();
  for (let round = 1; ; round++) {
    const at = now().getTime();
    const results = await reconcileRound(options, (runDir) => {
      const before = known.get(runDir);
      return before === undefined || isDue(before, at) ? null : before;
    });
    known = new Map(results.map((result) => [result.runDir, result]));
    const due = results.flatMap(({ settled, nextAttemptAt }) =>
      settled || nextAttemptAt === null ? [] : Date.parse(nextAttemptAt),
    );
    const next = due.length === 0 || signal?.aborted === true ? null : Math.max(Math.min(...due), now().getTime() + MIN_PAUSE_MS);
    onRound?.({
      round,
      results,
      settled: results.filter((result) => result.settled).length,
      nextRoundAt: next === null ? null : new Date(next).toISOString(),
    });
    if (next === null) return { results };
    try {
      for (let left = next - now().getTime(); left > 0; left = next - now().getTime()) {
        await wait(Math.min(left, MAX_PAUSE_MS), signal);
      }
    } catch (error) {
      if (signal?.aborted !== true) throw error;
      return { results };
    }
  }
}

/** Settled runs and those that wait for a person are not asked for again. */
function isDue({ settled, nextAttemptAt }: RunReconciliation, at: number): boolean {
  return !settled && nextAttemptAt !== null && Date.parse(nextAttemptAt) <= at;
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
}
