/** Compares claim, ledger and provider, and decides which overlapping runs' calls belong to the provider's figures. */
import type { RunSummary, UsageComparison, UsageFigures, UsageProvider } from '../../schema/index.ts';
import { USAGE_FIELDS, ledgerTotals, subtract, UNKNOWN_USAGE } from '../totals.ts';
import type { LedgerCall } from '../ledger.ts';
import type { Visibility, SharedCalls } from '../minutes/shared-minutes.ts';
import { explainResidual } from './residual.ts';

/** The framework's claim over all attempts as a column of the comparison; null when nothing was claimed. */
export function claimOf({ claimed_usage: claimed }: Pick<RunSummary, 'claimed_usage'>): UsageFigures | null {
  if (claimed === null) return null;
  const { input_tokens, output_tokens, calls } = claimed;
  return { input_tokens, output_tokens, cached_tokens: null, api_calls: calls };
}

export interface ComparisonInput {
  readonly claim: UsageFigures | null;
  /** Of this run. */
  readonly ledger: UsageFigures;
  /** Of all calls in the joint minutes; null when they are all this run's. */
  readonly joint: UsageFigures | null;
  /** For the joint minutes. */
  readonly provider: UsageFigures;
  readonly thresholdPercent: number;
}

/**
 * Compares the provider's figures with the ledger. Only input and output tokens decide; cached tokens and calls are shown too.
 * The difference is relative to this run's own ledger, no matter how many runs share its minutes, so a loss in one run cannot
 * hide in the total of many.
 */
export function compareUsage({
  claim,
  ledger,
  joint,
  provider,
  thresholdPercent,
}: ComparisonInput): Omit<UsageComparison, 'explanations'> {
  const expected = joint ?? ledger;
  const difference: UsageFigures = { ...UNKNOWN_USAGE };
  for (const key of USAGE_FIELDS) difference[key] = subtract(provider[key], expected[key]);
  const percents = [
    differencePercent(difference.input_tokens, ledger.input_tokens),
    differencePercent(difference.output_tokens, ledger.output_tokens),
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

/** Null when no percentage exists: a figure is unknown, or the ledger has 0 and the provider does not. */
function differencePercent(difference: number | null, ledger: number | null): number | null {
  if (difference === 0 && ledger !== null) return 0;
  return difference === null || ledger === null || ledger === 0 ? null : (Math.abs(difference) / ledger) * 100;
}

export interface ReadingInput {
  readonly provider: UsageProvider;
  /** For the joint minutes. */
  readonly figures: UsageFigures;
  readonly apiKeys: number | null;
  readonly summary: RunSummary;
  readonly calls: readonly LedgerCall[];
  readonly unbillable: readonly LedgerCall[];
  readonly shared: readonly SharedCalls[];
  readonly unreadable: readonly string[];
  readonly thresholdPercent: number;
}

export function compareReading(input: ReadingInput): UsageComparison {
  const { summary, calls, shared, figures, thresholdPercent } = input;
  const claim = claimOf(summary);
  // Nothing was measured when every attempt bypassed the proxy.
  const isMeasured = calls.length > 0 || summary.usage.unmetered_attempts === 0;
  const ledger = isMeasured ? ledgerTotals(calls) : UNKNOWN_USAGE;
  const compareWith = (visibilities: readonly Visibility[]): Omit<UsageComparison, 'explanations'> => {
    const others = shared.filter(({ other }) => visibilities.includes(other.visibility)).flatMap((one) => one.calls);
    const joint = others.length === 0 ? null : isMeasured ? ledgerTotals([...calls, ...others]) : UNKNOWN_USAGE;
    return compareUsage({ claim, ledger, joint, provider: figures, thresholdPercent });
  };
  const hasPossible = shared.some(({ other }) => other.visibility === 'possible');
  const without = compareWith(['certain']);
  const withPossible = hasPossible ? compareWith(['certain', 'possible']) : null;
  // Whether those runs used the same key follows from the figures: the smaller residual wins.
  const possibleCounted = withPossible === null ? null : residualTokens(withPossible) < residualTokens(without);
  const comparison = possibleCounted === true && withPossible !== null ? withPossible : without;
  return { ...comparison, explanations: explainResidual({ ...input, comparison, possibleCounted }) };
}

function residualTokens({ difference }: Pick<UsageComparison, 'difference'>): number {
  const { input_tokens, output_tokens } = difference;
  return Math.abs(input_tokens ?? Number.POSITIVE_INFINITY) + Math.abs(output_tokens ?? Number.POSITIVE_INFINITY);
}
