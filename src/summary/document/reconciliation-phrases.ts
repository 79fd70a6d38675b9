/** What text, Markdown and terminal say of a reconciliation. */
import type { ReconciliationState, ReconciliationSummary, StepResolution, UsageComparison, UsageFilter } from '../../schema.ts';
import { counted, figure, percentAgainst, stepNumber, usd } from '../../format.ts';

const STATE: Record<ReconciliationState, string> = {
  pending: 'PENDING',
  unavailable: 'UNAVAILABLE',
  provisional: 'PROVISIONAL',
  verified: 'VERIFIED',
  mismatch: 'MISMATCH',
  not_applicable: 'NOT APPLICABLE',
};

export function stateWord(state: ReconciliationState): string {
  return STATE[state];
}

/** One line of the three columns; null where nothing is known. */
export interface ComparedFigure {
  readonly label: string;
  /** The framework's own. */
  readonly claim: number | null;
  /** The proxy's, for this run. */
  readonly ledger: number | null;
  /** The proxy's, for all runs that share minutes with it. */
  readonly joint: number | null;
  readonly provider: number | null;
  /** Provider minus proxy, the joint one where there is one. */
  readonly difference: number | null;
}

export function comparedFigures(comparison: UsageComparison): ComparedFigure[] {
  const { claim, ledger, joint_ledger, provider, difference } = comparison;
  return FIGURES.map(([key, label]) => ({
    label,
    claim: claim?.[key] ?? null,
    ledger: ledger[key],
    joint: joint_ledger?.[key] ?? null,
    provider: provider[key],
    difference: difference[key],
  }));
}

const FIGURES = [
  ['input_tokens', 'Input Tokens'],
  ['cached_tokens', 'Cached of These'],
  ['output_tokens', 'Output Tokens'],
  ['api_calls', 'API Calls'],
] as const;

/** With two decimals, or with as many as tell it from the threshold. */
export function differencePercent(
  { difference_percent: percent, within_threshold, difference }: UsageComparison,
  threshold: number,
): string {
  if (percent === null) return difference.input_tokens === 0 && difference.output_tokens === 0 ? 'none' : 'not computable';
  return percentAgainst(percent, threshold, within_threshold);
}

/** Whose figures, and of which use: `openai, project proj_x`. */
export function sourceText({ provider, filter }: Pick<ReconciliationSummary, 'provider' | 'filter'>): string {
  return [provider ?? 'no provider', ...filterParts(filter)].join(', ');
}

function filterParts({ api_key_id, project_id, workspace_id }: UsageFilter): string[] {
  const parts = [
    ...(api_key_id === null ? [] : [`API key ${api_key_id}`]),
    ...(project_id === null ? [] : [`project ${project_id}`]),
    ...(workspace_id === null ? [] : [`workspace ${workspace_id}`]),
  ];
  return parts.length === 0 ? ['the whole account'] : parts;
}

/** Null when no other run and no other key used the same minutes. */
export function sharedText({ last_reading: reading }: ReconciliationSummary): string | null {
  if (reading === null || reading.shared_minutes === 0) return null;
  const { total, own, shared_minutes, shared_with } = reading;
  const others = shared_with.map(({ framework, run_id }) => `${framework}/${run_id}`);
  const listed = others.length === 0 ? 'other API keys' : others.slice(0, RUNS_LISTED).join(', ');
  const more = others.length > RUNS_LISTED ? ` and ${others.length - RUNS_LISTED} more` : '';
  return (
    `input ${boundText(own.input_tokens, total.input_tokens)}, output ${boundText(own.output_tokens, total.output_tokens)} ` +
    `by this run alone, since ${counted(shared_minutes, 'minute')} ` +
    `${shared_minutes === 1 ? 'is' : 'are'} shared with ${listed}${more}`
  );
}

const RUNS_LISTED = 3;

function boundText(least: number | null, most: number | null): string {
  return least === most ? figure(least) : `${figure(least)} to ${figure(most)}`;
}

/** Whole days, so never the run's own alone; null when not asked or not given. */
export function costText({ last_reading: reading }: ReconciliationSummary): string | null {
  const cost = reading?.cost ?? null;
  return cost === null
    ? null
    : `${usd(cost.usd)} from ${day(cost.start)} to ${day(cost.end)}, whole UTC days, other use included`;
}

function day(timestamp: string): string {
  return timestamp.slice(0, 10);
}

export interface StepsByResolution {
  /** With figures of the provider. */
  readonly figured: readonly StepResolution[];
  /** `001, 003`: shorter than a minute, or without calls. Null when there is none. */
  readonly notResolvable: string | null;
  readonly withoutCalls: string | null;
}

/** Steps that the provider's minutes tell something of, and the numbers of those of which they do not. */
export function stepsByResolution(steps: readonly StepResolution[]): StepsByResolution {
  const numbers = (wanted: StepResolution['resolution']): string | null => {
    const found = steps.filter(({ resolution }) => resolution === wanted).map(({ step }) => stepNumber(step));
    if (found.length === 0) return null;
    return found.length <= NUMBERS_LISTED
      ? found.join(', ')
      : `${found.slice(0, NUMBERS_LISTED).join(', ')} and ${found.length - NUMBERS_LISTED} more`;
  };
  return {
    figured: steps.filter(({ resolution }) => resolution === 'whole' || resolution === 'bound'),
    notResolvable: numbers('not_resolvable'),
    withoutCalls: numbers('no_calls'),
  };
}

const NUMBERS_LISTED = 20;

/** `its minutes are its own`, or between what and what. */
export function resolutionText({ resolution, at_least, at_most }: StepResolution): string {
  const least = figuresOf(at_least);
  const most = figuresOf(at_most);
  return resolution === 'whole' ? `provider ${most}` : `provider bound ${least} to ${most}`;
}

function figuresOf(figures: StepResolution['at_least']): string {
  return figures === null ? 'unknown' : `${figure(figures.input_tokens)} / ${figure(figures.output_tokens)}`;
}
