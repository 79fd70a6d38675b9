/** What text, Markdown and terminal say of a reconciliation. */
import type { ReconciliationSummary, StepResolution, UsageComparison, UsageFilter } from '../../schema/index.ts';
import { pluralize, formatNumber, formatPercentNear, pluralForm, formatStep, formatUsd } from '../../format/index.ts';

/** With two decimals, or with as many as tell it from the threshold. */
export function differencePercent(
  { difference_percent: percent, within_threshold, difference }: UsageComparison,
  threshold: number,
): string {
  if (percent === null) return difference.input_tokens === 0 && difference.output_tokens === 0 ? 'none' : 'not computable';
  return formatPercentNear(percent, threshold, within_threshold);
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
    `by this run alone, since ${pluralize(shared_minutes, 'minute')} ` +
    `${pluralForm(shared_minutes, 'is', 'are')} shared with ${listed}${more}`
  );
}

const RUNS_LISTED = 3;

function boundText(least: number | null, most: number | null): string {
  return least === most ? formatNumber(least) : `${formatNumber(least)} to ${formatNumber(most)}`;
}

/** Whole days, so never the run's own alone; null when not asked or not given. */
export function costText({ last_reading: reading }: ReconciliationSummary): string | null {
  const cost = reading?.cost ?? null;
  return cost === null
    ? null
    : `${formatUsd(cost.usd)} from ${utcDate(cost.start)} to ${utcDate(cost.end)}, whole UTC days, other use included`;
}

function utcDate(timestamp: string): string {
  return timestamp.slice(0, 10);
}

/** `001, 003`: the numbers of the steps resolved in this way; null when there is none. */
export function stepsResolvedAs(expected: StepResolution['resolution'], steps: readonly StepResolution[]): string | null {
  const found = steps.filter(({ resolution }) => resolution === expected).map(({ step }) => formatStep(step));
  if (found.length === 0) return null;
  const left = found.length - NUMBERS_LISTED;
  return `${found.slice(0, NUMBERS_LISTED).join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}

const NUMBERS_LISTED = 20;

/** What the provider's minutes tell of a step. */
export function resolutionText({ resolution, at_least, at_most }: StepResolution): string {
  if (resolution === 'no_calls') return 'no calls';
  if (resolution === 'not_resolvable') return "not resolvable at the provider's granularity";
  const most = figuresOf(at_most);
  return resolution === 'whole' ? `provider ${most}` : `provider bound ${figuresOf(at_least)} to ${most}`;
}

function figuresOf(figures: StepResolution['at_least']): string {
  return figures === null ? 'unknown' : `${formatNumber(figures.input_tokens)} / ${formatNumber(figures.output_tokens)}`;
}
