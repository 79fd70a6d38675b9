/** Waiting for work that may never end: until its time limit, until its budget is used up, or until the run is interrupted. */
import { setTimeout as delay } from 'node:timers/promises';
import type { BudgetRefusal } from '../meter/index.ts';
import { MAX_SECONDS } from '../schema/index.ts';
import { INTERRUPTED } from './failure.ts';
import type { RunSpec } from './run-spec.ts';

/** What an adapter may still take to return after its processes were ended, in milliseconds. */
export const RETURN_GRACE_MS = 5_000;

export type Result<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'threw'; readonly error: unknown };
/** `abandoned`: the work did not end in time and is left to itself. */
export type TimedResult<T> = Result<T> | { readonly kind: 'abandoned' };

/** The result of `work` as a value; a throw before its first await counts as well. Never rejects. */
export async function toResult<T>(work: () => Promise<T>): Promise<Result<T>> {
  try {
    return { kind: 'value', value: await work() };
  } catch (error) {
    return { kind: 'threw', error };
  }
}

/** Waits for `work` at most `ms`. */
export async function withTimeout<T>(work: Promise<Result<T>>, ms: number): Promise<TimedResult<T>> {
  const timer = new AbortController();
  const late = delay(ms, { kind: 'abandoned' } as const, { signal: timer.signal });
  // Aborting the timer below rejects this promise, and nothing awaits it anymore.
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

/** Why work was stopped from outside. */
export type StopReason =
  | { readonly kind: 'time_limit' }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'budget'; readonly refusal: BudgetRefusal };

/**
 * Gives work `timeouts.step_timeout_seconds` from now on. When they are over, or a call was refused for a budget, or the run is
 * interrupted, its signal aborts and `onStop` runs, which ends the processes that the work may be waiting for; the work then has
 * five seconds more.
 *
 * @param budget aborts when a call was refused for a budget, with the refusal as its reason; null where nothing is metered
 * @returns `stopped`: what came first, if anything did before the work had ended
 */
export async function withDeadline<T>(
  { config, signal }: Pick<RunSpec, 'config' | 'signal'>,
  budget: AbortSignal | null,
  work: (signal: AbortSignal) => Promise<T>,
  onStop: () => Promise<void>,
): Promise<{ readonly result: TimedResult<T>; readonly stopped: StopReason | null }> {
  const controller = new AbortController();
  const { promise: aborted, resolve: onAborted } = Promise.withResolvers<'aborted'>();
  let stopped: StopReason | null = null;
  const stop = (reason: StopReason): void => {
    stopped ??= reason;
    controller.abort(stopped.kind);
    onAborted('aborted');
  };
  const limitMs = Math.min(config.timeouts.step_timeout_seconds, MAX_SECONDS) * 1000;
  const timer = setTimeout(stop, limitMs, { kind: 'time_limit' });
  const releases = [
    onAbort(signal, () => stop({ kind: 'interrupted' })),
    onAbort(budget, () => stop({ kind: 'budget', refusal: budget?.reason as BudgetRefusal })),
  ];
  try {
    const running = toResult(() => work(controller.signal));
    const first = await Promise.race([running, aborted]);
    if (first !== 'aborted') return { result: first, stopped };
    await onStop();
    return { result: await withTimeout(running, RETURN_GRACE_MS), stopped };
  } finally {
    clearTimeout(timer);
    for (const release of releases) release();
  }
}

function onAbort(signal: AbortSignal | null, listener: () => void): () => void {
  if (signal?.aborted === true) listener();
  else signal?.addEventListener('abort', listener, { once: true });
  return () => signal?.removeEventListener('abort', listener);
}

/** The stop for a budget, also of work that has ended by itself after a call of it was refused; null where none was. */
export function budgetStop(budget: AbortSignal | null): StopReason | null {
  return budget?.aborted === true ? { kind: 'budget', refusal: budget.reason as BudgetRefusal } : null;
}

/** The verdict on work that was stopped. */
export function verdictFor(stopped: StopReason, { config }: Pick<RunSpec, 'config'>) {
  switch (stopped.kind) {
    case 'interrupted':
      return INTERRUPTED;
    case 'time_limit': {
      const limit = config.timeouts.step_timeout_seconds;
      return { status: 'timed_out', reason: 'time_limit', message: `it exceeded the time limit of ${limit} s` } as const;
    }
    case 'budget': {
      const { message } = stopped.refusal;
      const clause = `${message.charAt(0).toLowerCase()}${message.slice(1).replace(/\.$/, '')}`;
      return { status: 'failed', reason: 'budget_exceeded', message: clause } as const;
    }
    default:
      return stopped satisfies never;
  }
}
