/** The comparison of one reading, with the runs whose calls are in it. */
import type { RunSummary, UsageComparison, UsageFigures, UsageProvider } from '../schema.ts';
import { claimOf } from './claim.ts';
import { compare } from './compare.ts';
import { explanationsOf } from './explain.ts';
import { ledgerFigures, NOTHING_KNOWN } from './figures.ts';
import type { LedgerCall } from './ledger.ts';
import type { InView, SharedCalls } from './sharing.ts';

export interface Weighed {
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

export function weigh(it: Weighed): UsageComparison {
  const { summary, calls, shared, figures, thresholdPercent } = it;
  const claim = claimOf(summary);
  // Nothing was measured where every attempt went past the proxy.
  const isMeasured = calls.length > 0 || summary.usage.unmetered_attempts === 0;
  const ledger = isMeasured ? ledgerFigures(calls) : NOTHING_KNOWN;
  const against = (views: readonly InView[]): Omit<UsageComparison, 'explanations'> => {
    const others = shared.filter(({ neighbour }) => views.includes(neighbour.view)).flatMap((one) => one.calls);
    const joint = others.length === 0 ? null : isMeasured ? ledgerFigures([...calls, ...others]) : NOTHING_KNOWN;
    return compare({ claim, ledger, joint, provider: figures, thresholdPercent });
  };
  const hasPossible = shared.some(({ neighbour }) => neighbour.view === 'possible');
  const without = against(['certain']);
  const withPossible = hasPossible ? against(['certain', 'possible']) : null;
  // Whether they called with the same key is for the figures to say.
  const possibleCounted = withPossible === null ? null : residualOf(withPossible) < residualOf(without);
  const comparison = possibleCounted === true && withPossible !== null ? withPossible : without;
  return { ...comparison, explanations: explanationsOf({ ...it, comparison, possibleCounted }) };
}

function residualOf({ difference }: Pick<UsageComparison, 'difference'>): number {
  const { input_tokens, output_tokens } = difference;
  return Math.abs(input_tokens ?? Number.POSITIVE_INFINITY) + Math.abs(output_tokens ?? Number.POSITIVE_INFINITY);
}
