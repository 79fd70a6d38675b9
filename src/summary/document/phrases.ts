/** Phrases shared by text and Markdown. */
import type { ArchiveFacts, RunSummary, StepSummary, UsageSummary } from '../../schema/index.ts';
import { pluralize, formatDuration, formatNanoUsd, formatOutOf, sumKnown, formatTokens, UNKNOWN } from '../../format/index.ts';
import { isComplete } from '../fold/usage.ts';

/** Notes that the figures are from a rehearsal or a replay, not from new work of a model. */
export function standInNotes({ rehearsal, replay_of: of }: RunSummary): string[] {
  return compact(
    rehearsal === true && "REHEARSAL: the model is a scripted offline one; no model's work",
    of !== null && `REPLAY of ${of}: recorded answers; nothing was asked of a model`,
  );
}

/** Of a run, a step or a reconciliation: `TIMED OUT`. */
export function statusWord(status: string): string {
  return status.toUpperCase().replaceAll('_', ' ');
}

/** Drops the parts that do not apply. */
function compact(...parts: readonly (string | false | null)[]): string[] {
  return parts.filter((part) => part !== null && part !== false);
}

/** True when the records are another program's: what they say of an end, of steps or of calls, stepwell does not know. */
export function isThirdParty({ writers, log_lines, damaged }: RunSummary): boolean {
  return writers === 0 && log_lines > damaged.count;
}

export const THIRD_PARTY_NOTE = 'The logs are not of stepwell: status, calls and durations are unknown';

/** A run without a recorded end is running, unless nothing of it was recorded by stepwell. */
export function runStatus(summary: RunSummary): RunSummary['status'] | 'unknown' {
  return isThirdParty(summary) ? 'unknown' : summary.status;
}

/** Notes on the figures of a step. */
export function stepNotes(step: StepSummary): string[] {
  return compact(
    isTemplateBased(step) && 'Template-based generation (no LLM calls)',
    step.metered === false && 'not metered: calls and tokens of the framework are not measured',
    ...usageNotes(step.usage),
  );
}

/** Notes on the figures of the run. */
export function runNotes(summary: RunSummary): string[] {
  const { usage, usage_outside_steps: outside, models } = summary;
  const priced = noCostReason(summary) === null ? models : [];
  return compact(
    countNote(usage.unmetered_attempts, 'attempt', 'not metered: calls and tokens of the framework are not measured'),
    ...usageNotes(usage),
    countNote(outside.api_calls ?? 0, 'call', `outside steps: tokens ${formatTokens(outside.tokens_in, outside.tokens_out)}`),
    ...priced.map(
      ({ model, calls_without_price: calls }) => calls > 0 && `no known cost of ${pluralize(calls, 'call')} of ${model}`,
    ),
  );
}

function usageNotes(usage: UsageSummary): string[] {
  const { estimated_tokens_in: input, estimated_tokens_out: output } = usage;
  const estimates = compact(input !== null && `${input} in`, output !== null && `${output} out`).join(', ');
  return compact(
    countNote(usage.open_calls, 'call', 'without a recorded end; tokens unknown'),
    countNote(usage.calls_without_usage, 'call', 'without usage figures; tokens are a lower bound'),
    countNote(usage.calls_estimated, 'call', `with estimated tokens (${estimates}), which are in no sum`),
    countNote(usage.unmetered_requests, 'request', 'on paths the meter does not understand'),
    countNote(usage.late_calls, 'call', 'after the attempt had ended'),
    countNote(usage.calls_by_current_attempt, 'call', "by the run's URL, counted in the attempt in progress"),
    countNote(usage.budget_refused, 'request', 'refused for a budget'),
  );
}

function countNote(value: number, noun: string, what: string): string | null {
  return value === 0 ? null : `${pluralize(value, noun)} ${what}`;
}

/** `3 calls, tokens 300 / 60 / 360` */
export function usageText({
  api_calls,
  tokens_in,
  tokens_out,
}: Pick<UsageSummary, 'api_calls' | 'tokens_in' | 'tokens_out'>): string {
  return `${api_calls === null ? 'calls unknown' : pluralize(api_calls, 'call')}, tokens ${formatTokens(tokens_in, tokens_out)}`;
}

/** More phases of a step are counted only. */
const PHASES_LISTED = 12;

/** The phases of a step; calls outside phases, if any, are the last one, whose name and status are null. */
export function listedPhases({ phases, usage_outside_phases: outside }: StepSummary) {
  const rest = outside === null || (outside.api_calls ?? 0) === 0 ? [] : [outside];
  return [
    ...phases.slice(0, PHASES_LISTED).map((phase) => ({ ...phase, status: phase.status ?? UNKNOWN })),
    ...rest.map((usage) => ({ ...usage, phase: null, status: null, duration_seconds: null })),
  ];
}

/** What the list of a step's phases leaves out; null when nothing. */
export function omittedPhasesText({ phases }: StepSummary): string | null {
  return phases.length <= PHASES_LISTED ? null : `${pluralize(phases.length - PHASES_LISTED, 'further phase')} not listed`;
}

/** Only where the meter watched every attempt, nothing passed through it, and the step was built all the same. */
function isTemplateBased(step: StepSummary): boolean {
  return (
    step.status === 'success' &&
    step.metered === true &&
    step.usage.api_calls === 0 &&
    step.usage.unmetered_requests === 0 &&
    step.usage.budget_refused === 0
  );
}

/** One line about a step's validation; null when it was not validated. */
export function validationText({ validation }: StepSummary): string | null {
  if (validation === null) return null;
  const { artifacts_total, app_started, checks_total, continuity_total, down_seconds } = validation;
  const parts = compact(
    artifacts_total > 0 && `artefacts ${formatOutOf(validation.artifacts_passed, artifacts_total)}`,
    app_started === false && 'application did not start',
    checks_total !== null && `checks ${formatOutOf(validation.checks_passed, checks_total)}`,
    continuity_total !== null && `still passing ${formatOutOf(validation.continuity_passed, continuity_total)}`,
    (down_seconds ?? 0) > 0 && `down ${formatDuration(down_seconds)}`,
  );
  return parts.length === 0 ? 'nothing was checked' : parts.join(', ');
}

/** A smaller difference between claim and measurement is not worth a line. */
const MIN_CLAIM_DIFFERENCE_PERCENT = 1;

/** What the framework said of its own use, of a step or the run, where nothing was measured or something else; null otherwise. */
export function claimText({ claimed_usage: claim, usage }: Pick<RunSummary, 'claimed_usage' | 'usage'>): string | null {
  if (claim === null) return null;
  const { difference_percent: difference, partial } = claim;
  const differs = difference !== null && difference > MIN_CLAIM_DIFFERENCE_PERCENT;
  if (usage.unmetered_attempts === 0 && !differs) return null;
  return compact(
    formatTokens(claim.input_tokens, claim.output_tokens),
    partial && 'not of all attempts',
    differs && `${difference.toFixed(1)}% off`,
  ).join(', ');
}

/** Null where what was used is paid for. */
function noCostReason({ rehearsal, replay_of: of }: RunSummary): string | null {
  if (of !== null) return 'none (replay)';
  return rehearsal === true ? 'none (rehearsal)' : null;
}

/** Dollars; of the calls whose cost is known, as far as they are known. */
export function totalCost(summary: RunSummary): string {
  const { usage, models } = summary;
  if (usage.cost_nano_usd === null) {
    const known = sumKnown(models.map((model) => model.cost_nano_usd)) ?? 0;
    return noCostReason(summary) ?? `${UNKNOWN}${known === 0 ? '' : `; ${formatNanoUsd(known)} for the other models`}`;
  }
  return `${formatNanoUsd(usage.cost_nano_usd)}${usage.cost_nano_usd > 0 && !isComplete(usage) ? ' (lower bound)' : ''}`;
}

/** Where the prices came from; null where no record says. */
export function pricesText({ prices }: RunSummary): string | null {
  if (prices === null) return null;
  const { source, version, overrides } = prices;
  const all = compact(
    source !== null && `${source} ${version ?? UNKNOWN}`,
    countNote(overrides.length, 'model', 'by the configuration'),
  );
  return all.length === 0 ? 'none' : all.join(', ');
}

/** Why the step did not succeed, in its last attempt's words; null for one that did, or is not over. */
export function lastError(step: StepSummary): string | null {
  if (step.status === 'success' || step.status === 'running' || step.status === 'not_reached') return null;
  const last = step.attempts.at(-1);
  if (last === undefined) return null;
  return last.end_recorded ? last.message : 'the attempt has no recorded end';
}

/** `47 members: logs/ 25, workspace/ 15, metrics.json, …`; a single file has no count. */
export function contentsText({ members, contents }: ArchiveFacts): string {
  const named = contents.map(({ name, members: count }) => (name.endsWith('/') ? `${name} ${count}` : name));
  return [pluralize(members, 'member'), ...(named.length === 0 ? [] : [named.join(', ')])].join(': ');
}
