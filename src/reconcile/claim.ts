/** What the framework itself reported of its use. */
import type { RunSummary, UsageFigures } from '../schema.ts';

/** The sum over all attempts of what was claimed; null when nothing was. */
export function claimOf({ steps }: RunSummary): UsageFigures | null {
  const claims = steps.flatMap(({ attempts }) => attempts.flatMap(({ claimed_usage }) => claimed_usage ?? []));
  if (claims.length === 0) return null;
  const sum = (values: readonly (number | null)[]): number | null => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
  };
  return {
    input_tokens: sum(claims.map((claim) => claim.input_tokens)),
    output_tokens: sum(claims.map((claim) => claim.output_tokens)),
    cached_tokens: null,
    api_calls: sum(claims.map((claim) => claim.calls)),
  };
}
