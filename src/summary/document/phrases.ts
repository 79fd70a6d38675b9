/** What both the text and the Markdown say in words. */
import type { ArchiveFacts, ClaimSummary, PhaseUsage, RunSummary, StepSummary, UsageSummary } from '../../schema.ts';
import { counted, duration, nanoUsd, outOf, sumKnown, tokens, UNKNOWN } from '../../format.ts';
import { isComplete } from '../fold/usage.ts';

type Status = RunSummary['status'] | StepSummary['status'];

const STATUS: Record<Status, string> = {
  success: 'SUCCESS',
  failed: 'FAILED',
  timed_out: 'TIMED OUT',
  interrupted: 'INTERRUPTED',
  crashed: 'CRASHED',
  running: 'RUNNING',
  not_reached: 'NOT REACHED',
  unknown: 'UNKNOWN',
};

const REHEARSAL = "REHEARSAL: the model is a scripted offline one; no model's work";

/** What stands in front of figures that are no new work of a model. */
export function standIns({ rehearsal, replay_of: of }: RunSummary): string[] {
  return [
    ...(rehearsal === true ? [REHEARSAL] : []),
    ...(of === null ? [] : [`REPLAY of ${of}: recorded answers; nothing was asked of a model`]),
  ];
}

export function statusWord(status: Status): string {
  return STATUS[status];
}

/** True when the records are another program's: what they say of an end, of steps or of calls, stepwell does not know. */
export function isForeign({ writers, log_lines, damaged }: RunSummary): boolean {
  return writers === 0 && log_lines > damaged.count;
}

export const FOREIGN = 'The logs are not of stepwell: status, calls and durations are unknown';

/** A run without a recorded end is running, unless nothing of it was recorded by stepwell. */
export function runStatus(summary: RunSummary): Status {
  return isForeign(summary) ? 'unknown' : summary.status;
}

/** What a reader of a step's figures has to know. */
export function stepNotes(step: StepSummary): string[] {
  const { usage } = step;
  const notes: string[] = [];
  if (isTemplateBased(step)) notes.push('Template-based generation (no LLM calls)');
  if (step.metered === false) notes.push('not metered: calls and tokens of the framework are not measured');
  return [...notes, ...usageNotes(usage)];
}

/** What a reader of the run's figures has to know. */
export function runNotes(summary: RunSummary): string[] {
  const { usage, usage_outside_steps: outside, models } = summary;
  const notes: string[] = [];
  if (usage.unmetered_attempts > 0)
    notes.push(`${counted(usage.unmetered_attempts, 'attempt')} not metered: calls and tokens of the framework are not measured`);
  notes.push(...usageNotes(usage));
  if ((outside.api_calls ?? 0) > 0)
    notes.push(
      `${counted(outside.api_calls ?? 0, 'call')} outside steps: tokens ${tokens(outside.tokens_in, outside.tokens_out)}`,
    );
  for (const { model, calls_without_price: calls } of costsNothing(summary) === null ? models : [])
    if (calls > 0) notes.push(`no known cost of ${counted(calls, 'call')} of ${model}`);
  return notes;
}

function usageNotes(usage: UsageSummary): string[] {
  const notes: string[] = [];
  if (usage.open_calls > 0) notes.push(`${counted(usage.open_calls, 'call')} without a recorded end; tokens unknown`);
  if (usage.calls_without_usage > 0)
    notes.push(`${counted(usage.calls_without_usage, 'call')} without usage figures; tokens are a lower bound`);
  if (usage.calls_estimated > 0) {
    const { estimated_tokens_in: input, estimated_tokens_out: output } = usage;
    const parts = [...(input === null ? [] : [`${input} in`]), ...(output === null ? [] : [`${output} out`])];
    notes.push(`${counted(usage.calls_estimated, 'call')} with estimated tokens (${parts.join(', ')}), which are in no sum`);
  }
  if (usage.unmetered_requests > 0)
    notes.push(`${counted(usage.unmetered_requests, 'request')} on paths the meter does not understand`);
  if (usage.late_calls > 0) notes.push(`${counted(usage.late_calls, 'call')} after the attempt had ended`);
  if (usage.calls_by_current_attempt > 0)
    notes.push(`${counted(usage.calls_by_current_attempt, 'call')} by the run's URL, counted in the attempt in progress`);
  if (usage.budget_refused > 0) notes.push(`${counted(usage.budget_refused, 'request')} refused for a budget`);
  return notes;
}

/** More phases of a step are counted only. */
const PHASES_LISTED = 12;

/** A phase of a step in words; calls outside phases, if any, stand as the last one. */
interface PhaseWords {
  /** Null for the calls outside phases. */
  readonly phase: string | null;
  readonly status: string;
  readonly seconds: number | null;
  readonly usage: PhaseUsage;
}

export function phaseWords({ phases, usage_outside_phases: outside }: StepSummary): PhaseWords[] {
  return [
    ...phases.slice(0, PHASES_LISTED).map((phase) => {
      return { phase: phase.phase, status: phase.status ?? UNKNOWN, seconds: phase.duration_seconds, usage: phase };
    }),
    ...(outside === null || (outside.api_calls ?? 0) === 0 ? [] : [{ phase: null, status: '', seconds: null, usage: outside }]),
  ];
}

/** What the list of a step's phases leaves out; null when nothing. */
export function phasesLeftOut({ phases }: StepSummary): string | null {
  return phases.length <= PHASES_LISTED ? null : `${counted(phases.length - PHASES_LISTED, 'further phase')} not listed`;
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
export function validationLine(step: StepSummary): string | null {
  const { validation } = step;
  if (validation === null) return null;
  const parts: string[] = [];
  if (validation.artifacts_total > 0) parts.push(`artefacts ${outOf(validation.artifacts_passed, validation.artifacts_total)}`);
  if (validation.app_started === false) parts.push('application did not start');
  if (validation.checks_total !== null) parts.push(`checks ${outOf(validation.checks_passed, validation.checks_total)}`);
  if (validation.continuity_total !== null)
    parts.push(`still passing ${outOf(validation.continuity_passed, validation.continuity_total)}`);
  if ((validation.down_seconds ?? 0) > 0) parts.push(`down ${duration(validation.down_seconds)}`);
  return parts.length === 0 ? 'nothing was checked' : parts.join(', ');
}

/** A smaller difference between claim and measurement is not worth a line. */
const CLAIM_PERCENT = 1;

/** What the framework said of its own use, where nothing was measured or something else; null otherwise. */
export function claimLine(claim: ClaimSummary | null, metered: boolean): string | null {
  if (claim === null) return null;
  const { difference_percent: difference, partial } = claim;
  const differs = difference !== null && difference > CLAIM_PERCENT;
  if (metered && !differs) return null;
  return [
    tokens(claim.input_tokens, claim.output_tokens),
    ...(partial ? ['not of all attempts'] : []),
    ...(differs ? [`${difference.toFixed(1)}% off`] : []),
  ].join(', ');
}

/** Null where what was used is paid for. */
function costsNothing({ rehearsal, replay_of: of }: RunSummary): string | null {
  if (of !== null) return 'none (replay)';
  return rehearsal === true ? 'none (rehearsal)' : null;
}

/** Dollars; of the calls whose cost is known, as far as they are known. */
export function totalCost(summary: RunSummary): string {
  const { usage, models } = summary;
  if (usage.cost_nano_usd === null) {
    const known = sumKnown(models.map((model) => model.cost_nano_usd)) ?? 0;
    return costsNothing(summary) ?? `${UNKNOWN}${known === 0 ? '' : `; ${nanoUsd(known)} for the other models`}`;
  }
  return `${nanoUsd(usage.cost_nano_usd)}${usage.cost_nano_usd > 0 && !isComplete(usage) ? ' (lower bound)' : ''}`;
}

/** Where the prices came from; null where no record says. */
export function pricesText({ prices }: RunSummary): string | null {
  if (prices === null) return null;
  const own = prices.overrides.length === 0 ? [] : [`${counted(prices.overrides.length, 'model')} by the configuration`];
  const list = prices.source === null ? [] : [`${prices.source} ${prices.version ?? UNKNOWN}`];
  const all = [...list, ...own];
  return all.length === 0 ? 'none' : all.join(', ');
}

/** Why the step did not succeed, in its last attempt's words; null for one that did, or is not over. */
export function lastError(step: StepSummary): string | null {
  if (step.status === 'success' || step.status === 'running' || step.status === 'not_reached') return null;
  const last = step.attempts.at(-1);
  if (last === undefined) return null;
  return last.end_recorded ? last.message : 'the attempt has no recorded end';
}

/** The command worth typing after a failure. */
export function nextCommand({ run_id, failure }: RunSummary): string {
  const step = failure === null || failure.step === null ? '' : ` --step ${failure.step}`;
  return `npx stepwell logs ${run_id ?? 'latest'}${step}`;
}

/** `47 members: logs/ 25, workspace/ 15, metrics.json, …`; a file that stands alone has no count. */
export function contentsText({ members, contents }: ArchiveFacts): string {
  const named = contents.map(({ name, members: count }) => (name.endsWith('/') ? `${name} ${count}` : name));
  return [counted(members, 'member'), ...(named.length === 0 ? [] : [named.join(', ')])].join(': ');
}
