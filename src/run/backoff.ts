import { setTimeout as delay } from 'node:timers/promises';

/** The longest time a Node timer can wait; a longer one would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Seconds to wait before the attempt after `failedAttempts` failed ones: initial, initial × multiplier, … */
export function backoffSeconds(
  retries: { initial_backoff_seconds: number; backoff_multiplier: number },
  failedAttempts: number,
): number {
  return retries.initial_backoff_seconds * retries.backoff_multiplier ** (failedAttempts - 1);
}

/** Waits; ends early, without an error, when `signal` aborts. */
export async function waitSeconds(seconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await delay(Math.min(seconds * 1000, LONGEST_TIMER_MS), undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
