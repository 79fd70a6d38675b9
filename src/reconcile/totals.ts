/** Token and call totals in which unknown is not 0. */
import { sumComplete, sumKnown } from '../format/index.ts';
import type { UsageFigures } from '../schema/index.ts';
import type { LedgerCall } from './ledger.ts';

export const USAGE_FIELDS = ['input_tokens', 'output_tokens', 'cached_tokens', 'api_calls'] as const;

export const ZERO_USAGE: UsageFigures = { input_tokens: 0, output_tokens: 0, cached_tokens: 0, api_calls: 0 };
export const UNKNOWN_USAGE: UsageFigures = { input_tokens: null, output_tokens: null, cached_tokens: null, api_calls: null };

/** Exact sums: one unknown part makes the sum unknown. */
export function sumUsage(parts: Iterable<UsageFigures>): UsageFigures {
  const sum = { ...ZERO_USAGE };
  for (const part of parts) {
    for (const key of USAGE_FIELDS) sum[key] = sumComplete([sum[key], part[key]]);
  }
  return sum;
}

/** Null when either is. */
export function subtract(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}

/** What the proxy measured for these calls: the sum of the known figures, a lower bound where a call has none. */
export function ledgerTotals(calls: readonly LedgerCall[]): UsageFigures {
  const used = calls.filter(({ use }) => use !== 'none');
  const inputTokens = sumKnown(used.map((call) => call.inputTokens));
  const cacheReadTokens = sumKnown(used.map((call) => call.cacheReadTokens));
  return {
    input_tokens: used.length === 0 ? 0 : inputTokens,
    output_tokens: used.length === 0 ? 0 : sumKnown(used.map((call) => call.outputTokens)),
    cached_tokens: used.length === 0 ? 0 : cacheReadTokens,
    api_calls: used.length,
  };
}

/** The provider has no tokens. */
export function isZeroTokens({ input_tokens, output_tokens }: UsageFigures): boolean {
  return input_tokens === 0 && output_tokens === 0;
}

/** A figure that decides the verdict is unknown. */
export function hasUnknownTokens({ input_tokens, output_tokens }: UsageFigures): boolean {
  return input_tokens === null || output_tokens === null;
}
