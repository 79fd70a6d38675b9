/** Limits on what a run or an experiment may spend. One budget may be shared by runs that go on at the same time. */
import { counted } from '../format.ts';
import type { BudgetConfig } from '../schema.ts';

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
export interface Spent {
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
  end(spent: Spent): void;
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
  /** A sum of safe integers; past 9 million dollars it would be inexact. */
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
    end(spent) {
      tokens = tokens === null || spent.tokens === null ? null : tokens + spent.tokens;
      nanoUsd = nanoUsd === null || spent.nanoUsd === null ? null : nanoUsd + spent.nanoUsd;
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
