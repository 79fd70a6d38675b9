/** Builds the summary's steps and attempts from the fold's state. */
import type { AttemptSummary, RunStatus, StepSummary, ValidationSummary } from '../../schema/index.ts';
import { claimSummary } from './claims.ts';
import { phaseSummaries } from './phases.ts';
import { truncate, errorSummary, MESSAGE_LENGTH } from './problems.ts';
import { StepState, type AttemptState, type FoldState, type ValidationState } from './state.ts';
import { usageSummary } from './usage.ts';

/** Planned steps first, in plan order, reached or not; then other steps that have records. */
export function stepSummaries(state: FoldState, status: RunStatus): StepSummary[] {
  const planned = new Map((state.start?.metadata.steps ?? []).map((plan) => [plan.step, plan]));
  const isOurs = state.writers.size > 0;
  return [...new Set([...planned.keys(), ...state.steps.keys()])].map((step) =>
    stepSummary(state.steps.get(step) ?? new StepState(step), planned.get(step) ?? null, { status, isOurs }),
  );
}

/** One step; null where the step is neither planned nor recorded. */
export function stepSummaryOf(state: FoldState, step: number, status: RunStatus): StepSummary | null {
  const planned = state.start?.metadata.steps.find((plan) => plan.step === step) ?? null;
  const known = state.steps.get(step);
  if (known === undefined && planned === null) return null;
  return stepSummary(known ?? new StepState(step), planned, { status, isOurs: state.writers.size > 0 });
}

type Planned = { name: string; prompt_file: string; prompt_sha256: string } | null;

function stepSummary(state: StepState, planned: Planned, run: { status: RunStatus; isOurs: boolean }): StepSummary {
  const attempts = [...state.attempts.values()]
    .sort((a, b) => a.attempt - b.attempt)
    .map((attempt) => attemptSummary(attempt, run.status));
  const known = state.start?.metadata ?? planned;
  const begun = state.start !== null || attempts.length > 0 || state.records > 0;
  const open = run.isOurs ? statusWithoutEnd(run.status) : 'unknown';
  const end = state.end?.metadata ?? null;
  const metered = attempts.map((attempt) => attempt.metered).filter((value) => value !== null);
  return {
    step: state.step,
    name: known?.name ?? null,
    prompt_file: known?.prompt_file ?? null,
    prompt_sha256: known?.prompt_sha256 ?? null,
    status: end?.status ?? (begun ? open : 'not_reached'),
    started_at: state.start?.record.timestamp ?? null,
    ended_at: state.end?.record.timestamp ?? null,
    duration_seconds: end?.duration_seconds ?? null,
    retries: Math.max(end?.retries ?? 0, attempts.length - 1, 0),
    attempts,
    metered: metered.length === 0 ? null : metered.every((value) => value),
    usage: usageSummary(state.usage),
    ...phaseSummaries(state.phases, state.usage),
    claimed_usage: claimSummary(attempts),
    hitl: state.hitl,
    errors: state.errors,
    warnings: state.warnings,
    validation: validationSummary(state.validation),
  };
}

function attemptSummary(state: AttemptState, run: RunStatus): AttemptSummary {
  const end = state.end?.metadata ?? null;
  const error = state.end?.record.error;
  return {
    attempt: state.attempt,
    status: end?.status ?? statusWithoutEnd(run),
    reason: end?.reason ?? null,
    claim: end?.claim ?? null,
    claimed_usage: end?.claimed_usage ?? null,
    end_recorded: end !== null,
    metered: state.start?.metadata.metered ?? null,
    started_at: state.start?.record.timestamp ?? null,
    ended_at: state.end?.record.timestamp ?? null,
    duration_seconds: end?.duration_seconds ?? null,
    usage: usageSummary(state.usage),
    ...phaseSummaries(state.phases, state.usage),
    files_added: end?.files_added ?? null,
    files_changed: end?.files_changed ?? null,
    files_removed: end?.files_removed ?? null,
    processes_killed: end?.processes_killed ?? null,
    leftover_files: state.leftovers,
    backoff_seconds: state.backoffSeconds,
    message: state.end === null ? null : truncate(state.end.record.message, MESSAGE_LENGTH),
    error: error === undefined ? null : errorSummary(error),
  };
}

/** For something that started and has no recorded end: still running, or interrupted when the run ended. */
function statusWithoutEnd(run: RunStatus): 'running' | 'crashed' {
  return run === 'running' ? 'running' : 'crashed';
}

function validationSummary({ end, continuity, failures }: ValidationState): ValidationSummary | null {
  if (end === null) return null;
  return {
    ...end,
    continuity_passed: continuity?.passed ?? null,
    continuity_total: continuity?.total ?? null,
    failures: [...failures],
  };
}
