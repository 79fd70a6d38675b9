/** Builds the summary from the fold's state, including what a missing record implies. Nothing here changes the state. */
import { roundToMilliseconds, sumComplete, sumSeconds } from '../../format/index.ts';
import {
  FORMAT_VERSION,
  type LogFileSummary,
  type ModelSummary,
  type RunStatus,
  type RunSummary,
  type StepSummary,
} from '../../schema/index.ts';
import { parseLogPath } from '../../store/index.ts';
import { modelsWithOpenCalls } from './calls.ts';
import { claimSummary } from './claims.ts';
import { failureSummary } from './failure.ts';
import { errorSummary, problemSummary } from './problems.ts';
import type { FoldState, ModelState } from './state.ts';
import { stepSummaries } from './steps.ts';
import { usageSummary } from './usage.ts';

/** Sizes of the log files, which no record contains: path relative to the run directory → bytes. */
export type FileSizes = ReadonlyMap<string, number>;

export function buildSummary(state: FoldState, sizes: FileSizes): RunSummary {
  const status = statusOf(state);
  const steps = stepSummaries(state, status);
  return {
    format_version: FORMAT_VERSION,
    ...identity(state),
    ...endOfRun(state, status, steps),
    started_at: state.start?.record.timestamp ?? null,
    ended_at: endedAt(state),
    last_record_at: state.lastRecordAt,
    duration_seconds: state.end?.metadata.duration_seconds ?? null,
    configuration: configuration(state),
    steps,
    steps_succeeded: steps.filter((step) => step.status === 'success').length,
    steps_total: state.start === null ? null : state.start.metadata.steps.length,
    ...modelUsage(state, steps),
    time: time(state, steps),
    ...recordQuality(state),
    ...logFiles(state, sizes),
    usage_provider: usageProvider(state),
    reconciliation: null,
  };
}

/** A recovered run has ended, even if the recovery itself was interrupted. */
export function isOver({ end, recovered }: FoldState): boolean {
  return end !== null || recovered !== null;
}

export function statusOf(state: FoldState): RunStatus {
  return state.end?.metadata.status ?? (isOver(state) ? 'crashed' : 'running');
}

function identity({ start, runId, framework, commit }: FoldState) {
  const facts = start?.metadata;
  return {
    run_id: runId,
    framework,
    adapter: facts?.adapter ?? null,
    framework_commit: commit,
    stepwell_version: facts?.stepwell_version ?? null,
    model: facts?.model ?? null,
    rehearsal: facts?.rehearsal ?? null,
    replay_of: facts?.replay_of ?? null,
    round: facts?.round ?? null,
  };
}

function endOfRun(state: FoldState, status: RunStatus, steps: readonly StepSummary[]) {
  const { end, recovered } = state;
  const error = end?.record.error;
  const facts = {
    status,
    failing_phase: end?.metadata.failing_phase ?? null,
    failing_step: end?.metadata.failing_step ?? null,
    error: error === undefined ? null : errorSummary(error),
  };
  const recovery =
    recovered === null
      ? null
      : { reason: recovered.reason, killed: recovered.killed.length, last_record_at: recovered.last_record_at };
  return { ...facts, failure: failureSummary(state, { ...facts, recovered: recovery, steps }), recovered: recovery };
}

/** A crashed run ended with its process; the recovery recorded the end later. */
function endedAt({ end, recovered }: FoldState): string | null {
  const last = end?.metadata.status === 'crashed' ? (recovered?.last_record_at ?? null) : null;
  return last ?? end?.record.timestamp ?? null;
}

function configuration({ start }: FoldState): RunSummary['configuration'] {
  if (start === null) return null;
  const facts = start.metadata;
  return {
    steps_configured: facts.steps.length,
    step_timeout_seconds: facts.step_timeout_seconds,
    max_retries: facts.max_retries,
    random_seed: facts.random_seed,
    health_check_interval_seconds: facts.health_check_interval_seconds,
    on_step_failure: facts.on_step_failure,
    validates_app: facts.validates_app,
    config_sha256: facts.config_sha256,
    checks_digest: facts.checks_digest,
  };
}

function modelUsage(state: FoldState, steps: readonly StepSummary[]) {
  return {
    usage: usageSummary(state.usage),
    usage_outside_steps: usageSummary(state.outside),
    claimed_usage: claimSummary(steps.flatMap((step) => step.attempts)),
    models: [...modelsWithOpenCalls(state)]
      .map(modelSummary)
      .sort((a, b) => b.api_calls - a.api_calls || (a.model < b.model ? -1 : 1)),
    prices: state.prices,
  };
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

function time(state: FoldState, steps: readonly StepSummary[]): RunSummary['time'] {
  const attempts = steps.flatMap((step) => step.attempts);
  return {
    phases: [...state.phases].map(([phase, ended]) => ({
      phase,
      duration_seconds: ended?.duration_seconds ?? null,
      ok: ended?.ok ?? null,
    })),
    attempts_seconds: sumSeconds(attempts.map((attempt) => attempt.duration_seconds)),
    // An attempt that no other followed had none.
    backoff_seconds: sumSeconds(attempts.map((attempt) => attempt.backoff_seconds)) ?? 0,
    validation_seconds: state.validationSeconds === null ? null : roundToMilliseconds(state.validationSeconds),
    llm_seconds: usageSummary(state.usage).llm_seconds,
  };
}

/** The condition of the record itself. The lists still grow, so the summary gets copies. */
function recordQuality(state: FoldState) {
  const { damaged, malformed, torn, dropped, hitl } = state;
  return {
    errors: problemSummary(state.errors),
    warnings: problemSummary(state.warnings),
    damaged: { ...damaged, first: [...damaged.first] },
    malformed: { ...malformed, first: [...malformed.first] },
    torn: { ...torn },
    dropped: { ...dropped },
    missing_records: [...state.writers.values()].reduce((sum, coverage) => sum + coverage.missing, 0),
    late_records: state.lateRecords,
    truncated_records: state.truncatedRecords,
    writers: state.writers.size,
    redactions: state.end?.metadata.redactions ?? null,
    hitl: { ...hitl, first: [...hitl.first] },
  };
}

function logFiles(state: FoldState, sizes: FileSizes) {
  const paths = new Set([...state.files.keys(), ...[...sizes.keys()].filter((path) => path.endsWith('.log'))]);
  const files = [...paths].sort().map((path): LogFileSummary => {
    const { component, step } = parseLogPath(path);
    const seen = state.files.get(path);
    return { path, step, component, lines: seen?.lines ?? 0, damaged_lines: seen?.damaged ?? 0, bytes: sizes.get(path) ?? null };
  });
  return {
    log_files: files,
    log_lines: files.reduce((sum, file) => sum + file.lines, 0),
    log_bytes: sumComplete(files.map((file) => file.bytes)),
  };
}

/** The provider whose usage API covers the run; null if it is not billed. Runs recorded before format 1.1 do not name one. */
export function usageApiOf({ start }: FoldState) {
  if (start === null || !Object.hasOwn(start.record.metadata, 'usage_api')) return 'unrecorded';
  return start.metadata.usage_api;
}

function usageProvider(state: FoldState): RunSummary['usage_provider'] {
  const usageApi = usageApiOf(state);
  return usageApi === 'unrecorded' ? 'unknown' : (usageApi?.provider ?? 'none');
}
