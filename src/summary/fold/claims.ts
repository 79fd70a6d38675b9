/** The framework's claims about its own usage, compared with the measurements. */
import { sumKnown } from '../../format/index.ts';
import type { AttemptSummary, ClaimSummary } from '../../schema/index.ts';

/** Sums over the attempts that claimed something; null when none did. */
export function claimSummary(attempts: readonly AttemptSummary[]): ClaimSummary | null {
  const claiming = attempts.filter((attempt) => attempt.claimed_usage !== null);
  if (claiming.length === 0) return null;
  const sum = (field: 'input_tokens' | 'output_tokens' | 'calls'): number | null =>
    sumKnown(claiming.map((attempt) => attempt.claimed_usage?.[field] ?? null));
  const claimed = { input_tokens: sum('input_tokens'), output_tokens: sum('output_tokens'), calls: sum('calls') };
  const silent = (field: keyof typeof claimed): boolean =>
    claimed[field] !== null && attempts.some((attempt) => (attempt.claimed_usage?.[field] ?? null) === null);
  return {
    ...claimed,
    partial: claiming.length < attempts.length || silent('input_tokens') || silent('output_tokens') || silent('calls'),
    difference_percent: largest([
      differencePercent(claiming.map(({ claimed_usage, usage }) => [claimed_usage?.input_tokens ?? null, usage.tokens_in])),
      differencePercent(claiming.map(({ claimed_usage, usage }) => [claimed_usage?.output_tokens ?? null, usage.tokens_out])),
    ]),
  };
}

/** In percent of the measurement, over the attempts with both a claim and a measurement. */
function differencePercent(pairs: readonly (readonly [number | null, number | null])[]): number | null {
  const both = pairs.flatMap(([claim, measured]) => (claim === null || measured === null ? [] : [{ claim, measured }]));
  if (both.length === 0) return null;
  const claim = both.reduce((sum, pair) => sum + pair.claim, 0);
  const measured = both.reduce((sum, pair) => sum + pair.measured, 0);
  if (claim === measured) return 0;
  // A claim against a measured 0 has no percentage, so it counts as completely different.
  return measured === 0 ? 100 : Math.round((Math.abs(claim - measured) / measured) * 100_000) / 1000;
}

function largest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
