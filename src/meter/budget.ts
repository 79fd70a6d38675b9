/** Limits on what a run or an experiment may spend. Concurrent runs may share one budget. */
import { pluralize, sumComplete } from '../format/index.ts';
import type { BudgetConfig } from '../schema/index.ts';
import type { Estimate } from './estimates/estimator.ts';
import type { PriceBook, PricedCall } from './pricing/prices.ts';
import { isSuccess, type ForwardResult } from './transport/forward.ts';
import type { Usage } from './wires/wire.ts';

/** Whose spending a budget limits: that of one run, or of all runs of an experiment together. */
export type BudgetScope = 'run' | 'experiment';
/** Which of the limits: `max_calls`, `max_tokens` or `max_cost_usd`. */
export type Limit = keyof BudgetConfig;

/** Why a call was not forwarded. */
export interface BudgetRefusal {
  /** Whose budget refused it. */
  readonly scope: BudgetScope;
  /** The limit that was reached. */
  readonly limit: Limit;
  /** Calls, tokens or US dollars used so far; null when the usage of a call is unknown, so that the limit cannot be enforced. */
  readonly used: number | null;
  /** The limit, in the same unit as `used`. */
  readonly max: number;
  /** One sentence for people. */
  readonly message: string;
}

/** What a call used; null when it is unknown and could not be estimated. */
export interface BudgetCost {
  /** Input and output together. */
  readonly tokens: number | null;
  /** Billionths of a US dollar, a whole number. */
  readonly nanoUsd: number | null;
}

/** Counts what calls use against its limits. */
export interface Budget {
  /** Whose spending it limits; it appears in the message of a refusal. */
  readonly scope: BudgetScope;
  /** Why no further call may start; null when one may. */
  refusal(): BudgetRefusal | null;
  /** Counts a call that starts. */
  begin(): void;
  /** Adds the cost of a call that has ended. */
  end(cost: BudgetCost): void;
}

const NANO = 1e9;

const LIMIT_TEXT = {
  max_calls: (max: number) => pluralize(max, 'call'),
  max_tokens: (max: number) => `${max} tokens`,
  max_cost_usd: (max: number) => `${max} US dollars`,
} satisfies Record<Limit, (max: number) => string>;

const UNKNOWN_USAGE_TEXT = {
  max_calls: '',
  max_tokens: 'a call used an unknown number of tokens',
  max_cost_usd: 'the cost of a call is unknown (give its model a price in pricing.models)',
} satisfies Record<Limit, string>;

/**
 * Calls count when they start, tokens and cost when they end: concurrent calls may exceed the limits on tokens and cost by what
 * they use themselves. Once the usage or cost of a call is unknown, a limit on it refuses every further call.
 *
 * @param options.limits of tokens (input and output together), calls and US dollars; what is absent is not limited
 * @example const budget = createBudget({ scope: 'run', limits: { max_calls: 100, max_cost_usd: 5 } });
 */
export function createBudget({ scope, limits }: { scope: BudgetScope; limits: BudgetConfig }): Budget {
  let calls = 0;
  let tokens: number | null = 0;
  /** Null when unknown; also above 9 million dollars, where the sum would be inexact. */
  let nanoUsd: number | null = 0;

  const refused = (limit: Limit, used: number | null): BudgetRefusal | null => {
    const max = limits[limit];
    if (max === undefined || (used !== null && used < max)) return null;
    const why = used === null ? `cannot be kept: ${UNKNOWN_USAGE_TEXT[limit]}` : 'is used up';
    return { scope, limit, used, max, message: `The budget of this ${scope}, ${LIMIT_TEXT[limit](max)}, ${why}.` };
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

/** Counts a starting call in every budget; or, if one of them refuses it, returns the refusal and counts it in none. */
export function admit(budgets: readonly Budget[]): BudgetRefusal | null {
  for (const budget of budgets) {
    const refusal = budget.refusal();
    if (refusal !== null) return refusal;
  }
  for (const budget of budgets) budget.begin();
  return null;
}

/**
 * False for a call that no provider bills: rejected, or never sent. If a call was sent and got no response because the client
 * disconnected or the connection broke, the provider may have generated the complete response.
 */
export function mayBeBilled(result: ForwardResult): boolean {
  return (
    isSuccess(result.status) || (result.status === null && (result.ending === 'client_closed' || result.ending === 'no_response'))
  );
}

/** What budgets charge for a call. If the provider did not report its usage, the estimate is used. */
export function budgetCost(
  result: ForwardResult,
  call: PricedCall & { readonly nanoUsd: number | null },
  estimate: Estimate | null,
  { prices, priced }: { readonly prices: PriceBook; readonly priced: boolean },
): BudgetCost {
  if (!mayBeBilled(result)) return { tokens: 0, nanoUsd: 0 };
  const cost = costOf(call, estimate, prices);
  return priced ? cost : { ...cost, nanoUsd: 0 };
}

/** If the input is known and no output arrived, so that it can be neither known nor estimated, output counts as 0. */
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
