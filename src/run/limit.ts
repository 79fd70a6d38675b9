/** How long work may take: until its time limit, or until the run is interrupted. */
import { INTERRUPTED } from './failure.ts';
import type { RunOrder } from './order.ts';
import { LONGEST_TIMER_MS } from './backoff.ts';

export type Cut = 'time_limit' | 'interrupted';

export interface Limit {
  /** Aborts at the time limit, or when the run is interrupted, whichever comes first. */
  readonly signal: AbortSignal;
  /** Which of the two has come; null when neither has. */
  readonly cut: Cut | null;
  /** Lets go of timer and signal. */
  release(): void;
}

/** `timeouts.step_timeout_seconds`, from now on. */
export function startLimit(order: Pick<RunOrder, 'config' | 'signal'>): Limit {
  const controller = new AbortController();
  let cut: Cut | null = null;
  const end = (why: Cut): void => {
    cut ??= why;
    controller.abort(why);
  };
  const interrupt = (): void => end('interrupted');
  const limitMs = Math.min(order.config.timeouts.step_timeout_seconds * 1000, LONGEST_TIMER_MS);
  const timer = setTimeout(end, limitMs, 'time_limit');
  if (order.signal.aborted) interrupt();
  else order.signal.addEventListener('abort', interrupt, { once: true });
  return {
    signal: controller.signal,
    get cut() {
      return cut;
    },
    release() {
      clearTimeout(timer);
      order.signal.removeEventListener('abort', interrupt);
    },
  };
}

/** The verdict on work that was cut off. */
export function cutVerdict(cut: Cut, { config }: Pick<RunOrder, 'config'>) {
  if (cut === 'interrupted') return INTERRUPTED;
  const limit = config.timeouts.step_timeout_seconds;
  return { status: 'timed_out', reason: 'time_limit', message: `it exceeded the time limit of ${limit} s` } as const;
}
