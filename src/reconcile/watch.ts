/** Repeats rounds until no run needs a further reading. */
import { setTimeout as delay } from 'node:timers/promises';
import { reconcileRound } from './batch.ts';
import type { ReconcileReport, RunReconciliation, WatchOptions } from './options.ts';

/** Minimum pause between two rounds, even when readings may count more often. */
const MIN_PAUSE_MS = 60_000;
/** Maximum delay of one timer; a longer wait uses several. */
const MAX_PAUSE_MS = 86_400_000;

/**
 * Repeats until each selected run is settled or needs someone to act. A run is read when a reading counts, not before.
 * Runs that start in the meantime are included. After an abort it returns when the current operation ends.
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

/** Settled runs, and runs that need someone to act, are not read again. */
function isDue({ settled, nextAttemptAt }: RunReconciliation, at: number): boolean {
  return !settled && nextAttemptAt !== null && Date.parse(nextAttemptAt) <= at;
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
}
