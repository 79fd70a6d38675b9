/** How long work may take: until its time limit, until its budget is used up, or until the run is interrupted. */
import type { BudgetRefusal } from '../meter.ts';
import { LONGEST_TIMER_MS } from './backoff.ts';
import { INTERRUPTED } from './failure.ts';
import type { RunOrder } from './order.ts';

export type Cut =
  | { readonly why: 'time_limit' }
  | { readonly why: 'interrupted' }
  | { readonly why: 'budget'; readonly refusal: BudgetRefusal };

export interface Limit {
  /** Aborts at whatever comes first: the time limit, a refused call, an interruption of the run. */
  readonly signal: AbortSignal;
  /** Which of them has come; null when none has. */
  readonly cut: Cut | null;
  /** Lets go of timer and signals. */
  release(): void;
}

/**
 * `timeouts.step_timeout_seconds`, from now on.
 *
 * @param budget aborts when a call was refused for a budget, with the refusal as its reason; null where nothing is metered
 */
export function startLimit({ config, signal }: Pick<RunOrder, 'config' | 'signal'>, budget: AbortSignal | null): Limit {
  const controller = new AbortController();
  let cut: Cut | null = null;
  const end = (by: Cut): void => {
    cut ??= by;
    controller.abort(cut.why);
  };
  const limitMs = Math.min(config.timeouts.step_timeout_seconds * 1000, LONGEST_TIMER_MS);
  const timer = setTimeout(end, limitMs, { why: 'time_limit' });
  const releases = [
    onAbort(signal, () => end({ why: 'interrupted' })),
    onAbort(budget, () => end({ why: 'budget', refusal: budget?.reason as BudgetRefusal })),
  ];
  return {
    signal: controller.signal,
    get cut() {
      return cut;
    },
    release() {
      clearTimeout(timer);
      for (const release of releases) release();
    },
  };
}

/** The cut by a budget, also of work that has ended by itself after a call of it was refused; null where none was. */
export function budgetCut(budget: AbortSignal | null): Cut | null {
  return budget?.aborted === true ? { why: 'budget', refusal: budget.reason as BudgetRefusal } : null;
}

function onAbort(signal: AbortSignal | null, listener: () => void): () => void {
  if (signal?.aborted === true) listener();
  else signal?.addEventListener('abort', listener, { once: true });
  return () => signal?.removeEventListener('abort', listener);
}

/** The verdict on work that was cut off. */
export function cutVerdict(cut: Cut, { config }: Pick<RunOrder, 'config'>) {
  switch (cut.why) {
    case 'interrupted':
      return INTERRUPTED;
    case 'time_limit': {
      const limit = config.timeouts.step_timeout_seconds;
      return { status: 'timed_out', reason: 'time_limit', message: `it exceeded the time limit of ${limit} s` } as const;
    }
    case 'budget': {
      const { message } = cut.refusal;
      const clause = `${message.charAt(0).toLowerCase()}${message.slice(1).replace(/\.$/, '')}`;
      return { status: 'failed', reason: 'budget_exceeded', message: clause } as const;
    }
    default:
      return cut satisfies never;
  }
}
