/** What the framework itself reported of its use. */
import type { RunSummary, UsageFigures } from '../schema.ts';

/** The summary's sum over all attempts as a column of the comparison; null when nothing was claimed. */
export function claimOf({ claimed_usage: claimed }: Pick<RunSummary, 'claimed_usage'>): UsageFigures | null {
  if (claimed === null) return null;
  const { input_tokens, output_tokens, calls } = claimed;
  return { input_tokens, output_tokens, cached_tokens: null, api_calls: calls };
}
