/** What budgets count of a call. Where the provider does not say what it used, an estimate stands in. */
import type { Spent } from './budget.ts';
import type { Estimate } from './estimator.ts';
import type { Forwarded } from './forward.ts';
import { isGood } from './outcome.ts';
import type { PriceBook, PricedCall } from './price.ts';
import type { Usage } from './wire.ts';

/**
 * False for a call that no provider charges for: refused, or never sent. Of one that was sent and never answered, because the client
 * hung up or the connection broke, the provider may have made the whole answer.
 */
export function mayHaveUsed(done: Forwarded): boolean {
  return isGood(done.status) || (done.status === null && (done.ending === 'client_gone' || done.ending === 'unanswered'));
}

/** Output that is unknown and cannot be estimated, since no word of it came, counts as none where the input is known. */
export function spentOf(
  call: PricedCall & { readonly nanoUsd: number | null },
  estimate: Estimate | null,
  prices: PriceBook,
): Spent {
  const { usage, nanoUsd } = call;
  const input = usage?.input ?? estimate?.input_tokens ?? null;
  const output = usage?.output ?? estimate?.output_tokens ?? (input === null ? null : 0);
  if (input === null || output === null) return { tokens: null, nanoUsd };
  if (nanoUsd !== null) return { tokens: input + output, nanoUsd };
  const counted: Usage = { cacheRead: null, cacheWrite: null, reasoning: null, raw: null, ...usage, input, output };
  return { tokens: input + output, nanoUsd: prices.costOf({ ...call, usage: counted }).nanoUsd };
}
