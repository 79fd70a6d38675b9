/** The three columns side by side, whether they agree, and with which of the runs whose calls are in the provider's figures. */
import type { RunSummary, UsageComparison, UsageFigures, UsageProvider } from '../../schema/index.ts';
import { USAGE_FIELDS, ledgerTotals, subtract, UNKNOWN_USAGE } from '../totals.ts';
import type { LedgerCall } from '../ledger.ts';
import type { Visibility, SharedCalls } from '../minutes/shared-minutes.ts';
import { explainResidual } from './residual.ts';

/** The summary's sum over all attempts as a column of the comparison; null when nothing was claimed. */
export function claimOf({ claimed_usage: claimed }: Pick<RunSummary, 'claimed_usage'>): UsageFigures | null {
  if (claimed === null) return null;
  const { input_tokens, output_tokens, calls } = claimed;
  return { input_tokens, output_tokens, cached_tokens: null, api_calls: calls };
}

export interface ComparisonInput {
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

/** Null where nothing can be said: a figure is unknown, or something stands against nothing. */
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
  readonly foreign: readonly LedgerCall[];
  readonly shared: readonly SharedCalls[];
  readonly unreadable: readonly string[];
  readonly thresholdPercent: number;
}

export function compareReading(it: ReadingInput): UsageComparison {
  const { summary, calls, shared, figures, thresholdPercent } = it;
  const claim = claimOf(summary);
  // Nothing was measured where every attempt went past the proxy.
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
  // Whether they called with the same key is for the figures to say.
  const possibleCounted = withPossible === null ? null : residualTokens(withPossible) < residualTokens(without);
  const comparison = possibleCounted === true && withPossible !== null ? withPossible : without;
  return { ...comparison, explanations: explainResidual({ ...it, comparison, possibleCounted }) };
}

function residualTokens({ difference }: Pick<UsageComparison, 'difference'>): number {
  const { input_tokens, output_tokens } = difference;
  return Math.abs(input_tokens ?? Number.POSITIVE_INFINITY) + Math.abs(output_tokens ?? Number.POSITIVE_INFINITY);
}
