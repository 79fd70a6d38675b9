/** Limits on what a run or an experiment may spend. One budget may be shared by runs that go on at the same time. */
import { counted, sumComplete } from '../format/index.ts';
import type { BudgetConfig } from '../schema/index.ts';
import type { Estimate } from './estimates/estimator.ts';
import type { PriceBook, PricedCall } from './pricing/prices.ts';
import { isGood, type Forwarded } from './transport/forward.ts';
import type { Usage } from './wires/wire.ts';

export type BudgetScope = 'run' | 'experiment';
type Limit = keyof BudgetConfig;

/** Why a call was not sent. */
export interface BudgetRefusal {
  readonly scope: BudgetScope;
  readonly limit: Limit;
  /** Calls, tokens or US dollars; null when a call's use is unknown, so that the limit cannot be kept. */
  readonly used: number | null;
  readonly max: number;
  /** One sentence for people. */
  readonly message: string;
}

/** What a call used; null where it is not known, and not even estimated. */
export interface BudgetCost {
  readonly tokens: number | null;
  readonly nanoUsd: number | null;
}

export interface Budget {
  readonly scope: BudgetScope;
  /** Why no further call may begin, or null. */
  refusal(): BudgetRefusal | null;
  /** A call begins. */
  begin(): void;
  /** A call has ended. */
  end(cost: BudgetCost): void;
}

const NANO = 1e9;

const WORDS = {
  max_calls: (max: number) => counted(max, 'call'),
  max_tokens: (max: number) => `${max} tokens`,
  max_cost_usd: (max: number) => `${max} US dollars`,
} satisfies Record<Limit, (max: number) => string>;

const UNKNOWN = {
  max_calls: '',
  max_tokens: 'a call used an unknown number of tokens',
  max_cost_usd: 'the cost of a call is unknown (give its model a price in pricing.models)',
} satisfies Record<Limit, string>;

/**
 * Calls count when they begin, tokens and cost when they end: calls that go on at the same time may exceed those two limits
 * by what they use themselves.
 *
 * @example const budget = createBudget({ scope: 'run', limits: { max_calls: 100, max_cost_usd: 5 } });
 */
export function createBudget({ scope, limits }: { scope: BudgetScope; limits: BudgetConfig }): Budget {
  let calls = 0;
  let tokens: number | null = 0;
  /** Past 9 million dollars the sum is unknown, since it would be inexact. */
  let nanoUsd: number | null = 0;

  const refused = (limit: Limit, used: number | null): BudgetRefusal | null => {
    const max = limits[limit];
    if (max === undefined || (used !== null && used < max)) return null;
    const why = used === null ? `cannot be kept: ${UNKNOWN[limit]}` : 'is used up';
    return { scope, limit, used, max, message: `The budget of this ${scope}, ${WORDS[limit](max)}, ${why}.` };
  };

  return {
    scope,
    refusal: () =>
      refused('max_calls', calls) ??
      refused('max_tokens', tokens) ??
      refused('max_cost_usd', nanoUsd === null ? null : nanoUsd / NANO),
    begin() {
      calls += 1;
    },
    end(cost) {
      tokens = sumComplete([tokens, cost.tokens]);
      nanoUsd = sumComplete([nanoUsd, cost.nanoUsd]);
    },
  };
}

/** Counts a call that may begin in every budget, or says which does not allow it and counts it in none. */
export function admit(budgets: readonly Budget[]): BudgetRefusal | null {
  for (const budget of budgets) {
    const refusal = budget.refusal();
    if (refusal !== null) return refusal;
  }
  for (const budget of budgets) budget.begin();
  return null;
}

/**
 * False for a call that no provider charges for: refused, or never sent. Of one that was sent and never answered, because the client
 * hung up or the connection broke, the provider may have made the whole answer.
 */
export function mayHaveUsed(done: Forwarded): boolean {
  return isGood(done.status) || (done.status === null && (done.ending === 'client_gone' || done.ending === 'unanswered'));
}

/** What budgets count of a call. Where the provider does not say what it used, the estimate stands in. */
export function costForBudgets(
  done: Forwarded,
  call: PricedCall & { readonly nanoUsd: number | null },
  estimate: Estimate | null,
  { prices, priced }: { readonly prices: PriceBook; readonly priced: boolean },
): BudgetCost {
  if (!mayHaveUsed(done)) return { tokens: 0, nanoUsd: 0 };
  const cost = costOf(call, estimate, prices);
  return priced ? cost : { ...cost, nanoUsd: 0 };
}

/** Output that is unknown and cannot be estimated, since no word of it came, counts as none where the input is known. */
function costOf(
  call: PricedCall & { readonly nanoUsd: number | null },
  estimate: Estimate | null,
  prices: PriceBook,
): BudgetCost {
  const { usage, nanoUsd } = call;
  const inputTokens = usage?.inputTokens ?? estimate?.input_tokens ?? null;
  const outputTokens = usage?.outputTokens ?? estimate?.output_tokens ?? (inputTokens === null ? null : 0);
  if (inputTokens === null || outputTokens === null) return { tokens: null, nanoUsd };
  if (nanoUsd !== null) return { tokens: inputTokens + outputTokens, nanoUsd };
  const counted: Usage = {
    cacheReadTokens: null,
    cacheWriteTokens: null,
    reasoningTokens: null,
    raw: null,
    ...usage,
    inputTokens,
    outputTokens,
  };
  return { tokens: inputTokens + outputTokens, nanoUsd: prices.costOf({ ...call, usage: counted }).nanoUsd };
}
