/** The three columns side by side, and whether they agree. */
import type { UsageComparison, UsageFigures } from '../schema.ts';
import { FIGURES, NOTHING_KNOWN } from './figures.ts';

export interface Compared {
  readonly claim: UsageFigures | null;
  /** Of this run. */
  readonly ledger: UsageFigures;
  /** Of all calls in the joint minutes; null when they are this run's alone. */
  readonly joint: UsageFigures | null;
  /** For the joint minutes. */
  readonly provider: UsageFigures;
  readonly thresholdPercent: number;
}

/**
 * Holds the provider's figures against the ledger. Input and output tokens decide; cached tokens and calls are shown beside
 * them. The difference is measured by this run's own ledger, however many runs share its minutes, so that many runs together
 * cannot hide what one of them lacks.
 */
export function compare({ claim, ledger, joint, provider, thresholdPercent }: Compared): Omit<UsageComparison, 'explanations'> {
  const expected = joint ?? ledger;
  const difference: UsageFigures = { ...NOTHING_KNOWN };
  for (const key of FIGURES) difference[key] = minus(provider[key], expected[key]);
  const percents = [
    percentOf(difference.input_tokens, ledger.input_tokens),
    percentOf(difference.output_tokens, ledger.output_tokens),
  ];
  const known = percents.filter((percent) => percent !== null);
  const percent = known.length === percents.length ? Math.max(...known) : null;
  return {
    claim,
    ledger,
    joint_ledger: joint,
    provider,
    difference,
    difference_percent: percent,
    within_threshold: percent !== null && percent <= thresholdPercent,
  };
}

function minus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}

/** Null where nothing can be said: a figure is unknown, or something stands against nothing. */
function percentOf(difference: number | null, ledger: number | null): number | null {
  if (difference === 0 && ledger !== null) return 0;
  return difference === null || ledger === null || ledger === 0 ? null : (Math.abs(difference) / ledger) * 100;
}
