/** Waiting for work that may never end. */
import { setTimeout as delay } from 'node:timers/promises';

/** What an adapter may still take to return after its processes were ended, in milliseconds. */
export const SETTLE_MS = 5_000;

export type Settled<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'threw'; readonly error: unknown };

/** The result of `work` as a value; a throw before its first await counts as well. Never rejects. */
export async function settled<T>(work: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { kind: 'value', value: await work() };
  } catch (error) {
    return { kind: 'threw', error };
  }
}

/** Resolves when `signal` aborts; `release` must be called when nobody waits any longer. */
function abortion(signal: AbortSignal): { promise: Promise<'aborted'>; release(): void } {
  const { promise, resolve } = Promise.withResolvers<'aborted'>();
  const listener = () => resolve('aborted');
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return { promise, release: () => signal.removeEventListener('abort', listener) };
}

/**
 * Waits for `work`. When `signal` aborts first, runs `onAbort` (which ends the processes that the work may be waiting for)
 * and gives the work `settleMs` more. `unsettled` is the answer when it still has not ended; it is then left to itself.
 */
export async function settledOrAborted<T>(
  work: Promise<Settled<T>>,
  { signal, onAbort, settleMs }: { signal: AbortSignal; onAbort: () => Promise<void>; settleMs: number },
): Promise<Settled<T> | { readonly kind: 'unsettled' }> {
  const abort = abortion(signal);
  try {
    const first = await Promise.race([work, abort.promise]);
    if (first !== 'aborted') return first;
  } finally {
    abort.release();
  }
  await onAbort();
  return await within(work, settleMs);
}

/** Waits for `work` at most `ms`. */
export async function within<T>(work: Promise<Settled<T>>, ms: number): Promise<Settled<T> | { readonly kind: 'unsettled' }> {
  const timer = new AbortController();
  const late = delay(ms, { kind: 'unsettled' } as const, { signal: timer.signal });
  // Aborting the timer below rejects it; nobody waits for it any more.
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
