/** What may end a program before it ends by itself: its time limit, the caller's abort signal, or `stop()`. */
import type { ProgramOptions } from './program.ts';

type Interruption = { readonly status: 'timed_out'; readonly afterMs: number } | { readonly status: 'canceled' };

export interface Interruptions {
  /** The first that happens; stays pending when none does. */
  readonly happened: Promise<Interruption>;
  stop(): void;
  /** Lets go of timer and signal. */
  release(): void;
}

/** setTimeout takes no more: 24.8 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function awaitInterruption({ timeoutMs, signal }: Pick<ProgramOptions, 'timeoutMs' | 'signal'>): Interruptions {
  const { promise, resolve } = Promise.withResolvers<Interruption>();
  const stop = () => resolve({ status: 'canceled' });
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => resolve({ status: 'timed_out', afterMs: timeoutMs }), Math.min(timeoutMs, MAX_TIMER_MS));
  signal?.addEventListener('abort', stop);
  return {
    happened: promise,
    stop,
    release() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    },
  };
}
