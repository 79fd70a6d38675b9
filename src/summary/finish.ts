/** From the fold's state to the summary: what is recorded, and what the absence of a record says. */
import {
  FORMAT_VERSION,
  type AttemptSummary,
  type LogFileSummary,
  type ModelSummary,
  type RunStatus,
  type RunSummary,
  type StepSummary,
  type ValidationSummary,
} from '../schema.ts';
import { logFileFacts } from '../store.ts';
import { failureSummary } from './failure.ts';
import { phaseSummaries } from './phases.ts';
import { cut, errorFacts, MESSAGE_LENGTH, problemSummary } from './problems.ts';
import { claimSummary } from './claims.ts';
import {
  modelOf,
  stepOf,
  type AttemptState,
  type FoldState,
  type ModelState,
  type StepState,
  type ValidationState,
} from './state.ts';
import { addRequest, usageSummary } from './usage.ts';

/** Sizes of the log files, which the records themselves do not tell: path relative to the run directory → bytes. */
export type FileSizes = ReadonlyMap<string, number>;

export function finish(state: FoldState, sizes: FileSizes): RunSummary {
  const start = state.start?.metadata ?? null;
  const end = state.end?.metadata ?? null;
  // A recovered run is over even if the recovery itself was cut off before its end.
  const status: RunStatus = end?.status ?? (state.recovered === null ? 'running' : 'crashed');
  const planned = start?.steps ?? [];
  for (const { step } of planned) stepOf(state, step);
  const order = [...new Set([...planned.map((plan) => plan.step), ...state.steps.keys()])];
  const steps = order.map((step) =>
    stepSummary(stepOf(state, step), planned.find((plan) => plan.step === step) ?? null, {
      status,
      isOurs: state.writers.size > 0,
    }),
  );
  const attempts = steps.flatMap((step) => step.attempts);
  const files = logFiles(state, sizes);
  const usage = usageSummary(state.usage);
  addOpenCalls(state);
  const error = state.end?.record.error;
  const summary: RunSummary = {
    format_version: FORMAT_VERSION,
    run_id: state.runId,
    framework: state.framework,
    adapter: start?.adapter ?? null,
    framework_commit: state.commit,
    stepwell_version: start?.stepwell_version ?? null,
    model: start?.model ?? null,
    rehearsal: start?.rehearsal ?? null,
    replay_of: start?.replay_of ?? null,
    round: start?.round ?? null,
    status,
    failing_phase: end?.failing_phase ?? null,
    failing_step: end?.failing_step ?? null,
    error: error === undefined ? null : errorFacts(error),
    failure: null,
    recovered:
      state.recovered === null
        ? null
        : {
            reason: state.recovered.reason,
            killed: state.recovered.killed.length,
            last_record_at: state.recovered.last_record_at,
          },
    started_at: state.start?.record.timestamp ?? null,
    ended_at: endedAt(state),
    last_record_at: state.lastRecordAt,
    duration_seconds: end?.duration_seconds ?? null,
    configuration:
      start === null
        ? null
        : {
            steps_configured: start.steps.length,
            step_timeout_seconds: start.step_timeout_seconds,
            max_retries: start.max_retries,
            random_seed: start.random_seed,
            health_check_interval_seconds: start.health_check_interval_seconds,
            on_step_failure: start.on_step_failure,
            validates_app: start.validates_app,
            config_sha256: start.config_sha256,
            checks_digest: start.checks_digest,
          },
    steps,
    steps_succeeded: steps.filter((step) => step.status === 'success').length,
    steps_total: start === null ? null : start.steps.length,
    usage,
    usage_outside_steps: usageSummary(state.outside),
    claimed_usage: claimSummary(attempts),
    models: [...state.models].map(modelSummary).sort((a, b) => b.api_calls - a.api_calls || (a.model < b.model ? -1 : 1)),
    prices: state.prices,
    time: {
      phases: [...state.phases].map(([phase, ended]) => ({
        phase,
        duration_seconds: ended?.duration_seconds ?? null,
        ok: ended?.ok ?? null,
      })),
      attempts_seconds: sumKnown(attempts.map((attempt) => attempt.duration_seconds)),
      backoff_seconds: milli(attempts.reduce((sum, attempt) => sum + (attempt.backoff_seconds ?? 0), 0)),
      validation_seconds: state.validationSeconds === null ? null : milli(state.validationSeconds),
      llm_seconds: usage.llm_seconds,
    },
    errors: problemSummary(state.errors),
    warnings: problemSummary(state.warnings),
    damaged: state.damaged,
    malformed: state.malformed,
    torn: state.torn,
    dropped: state.dropped,
    missing_records: [...state.writers.values()].reduce((sum, coverage) => sum + coverage.missing, 0),
    late_records: state.lateRecords,
    truncated_records: state.truncatedRecords,
    writers: state.writers.size,
    redactions: end?.redactions ?? null,
    hitl: state.hitl,
    log_files: files,
    log_lines: files.reduce((sum, file) => sum + file.lines, 0),
    log_bytes: files.every((file) => file.bytes !== null) ? files.reduce((sum, file) => sum + (file.bytes ?? 0), 0) : null,
    usage_provider: usageProvider(state),
    reconciliation: null,
  };
  return { ...summary, failure: failureSummary(state, summary) };
}

/** Runs recorded before format 1.1 do not say. */
function usageProvider({ start }: FoldState): RunSummary['usage_provider'] {
  if (start === null || !Object.hasOwn(start.record.metadata, 'usage_api')) return 'unknown';
  return start.metadata.usage_api?.provider ?? 'none';
}

type Planned = { name: string; prompt_file: string; prompt_sha256: string } | null;

function stepSummary(state: StepState, planned: Planned, run: { status: RunStatus; isOurs: boolean }): StepSummary {
  const attempts = [...state.attempts.values()]
    .sort((a, b) => a.attempt - b.attempt)
    .map((attempt) => attemptSummary(attempt, run.status));
  const known = state.start?.metadata ?? planned;
  const begun = state.start !== null || attempts.length > 0 || state.records > 0;
  const open = run.isOurs ? unfinished(run.status) : 'unknown';
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
    status: end?.status ?? unfinished(run),
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
    message: state.end === null ? null : cut(state.end.record.message, MESSAGE_LENGTH),
    error: error === undefined ? null : errorFacts(error),
  };
}

/** A crashed run ended with its process; its end was recorded by the recovery, whenever that came. */
function endedAt({ end, recovered }: FoldState): string | null {
  const last = end?.metadata.status === 'crashed' ? (recovered?.last_record_at ?? null) : null;
  return last ?? end?.record.timestamp ?? null;
}

/** What has begun and has no recorded end: still going on, or cut off when the run ended. */
function unfinished(run: RunStatus): 'running' | 'crashed' {
  return run === 'running' ? 'running' : 'crashed';
}

function validationSummary({ end, continuity, failures }: ValidationState): ValidationSummary | null {
  if (end === null) return null;
  return { ...end, continuity_passed: continuity?.passed ?? null, continuity_total: continuity?.total ?? null, failures };
}

/** A call without an end has no answer: it counts for the model asked for. */
function addOpenCalls(state: FoldState): void {
  for (const { call } of state.openCalls.values()) {
    const { usage } = modelOf(state, call['gen_ai.request.model']);
    addRequest(usage, call);
    usage.counts.open_calls += 1;
  }
}

function modelSummary([model, { usage: state, answeredAs }]: [string, ModelState]): ModelSummary {
  const usage = usageSummary(state);
  return {
    model,
    answered_as: [...answeredAs],
    api_calls: state.counts.api_calls,
    failed_calls: usage.failed_calls,
    open_calls: usage.open_calls,
    tokens_in: usage.tokens_in,
    tokens_out: usage.tokens_out,
    tokens_cached: usage.tokens_cached,
    tokens_cache_write: usage.tokens_cache_write,
    tokens_reasoning: usage.tokens_reasoning,
    llm_seconds: state.llmMilliseconds / 1000,
    cost_nano_usd: usage.cost_nano_usd,
    calls_without_price: usage.calls_without_price,
  };
}

function logFiles(state: FoldState, sizes: FileSizes): LogFileSummary[] {
  const paths = new Set([...state.files.keys(), ...[...sizes.keys()].filter((path) => path.endsWith('.log'))]);
  return [...paths].sort().map((path) => {
    const { component, step } = logFileFacts(path);
    const seen = state.files.get(path);
    return { path, step, component, lines: seen?.lines ?? 0, damaged_lines: seen?.damaged ?? 0, bytes: sizes.get(path) ?? null };
  });
}

function sumKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : milli(known.reduce((sum, value) => sum + value, 0));
}

/** Sums of milliseconds in seconds, without the dust of binary fractions. */
function milli(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
