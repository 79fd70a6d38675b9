/** The figures of `metrics.json`, each as docs/metrics.md defines it. */
import { sumKnown } from '../format/index.ts';
import type { AggregateMetrics, RunMetrics, RunSummary, StepMetrics, StepSummary } from '../schema/index.ts';
import { METRIC_NAMES } from '../schema/metric-names.ts';
import { FORMAT_VERSION } from '../schema/vocabulary.ts';
import { isComplete } from './fold/usage.ts';

/** Weights of the quality metric, as in the original system. */
const QUALITY = { esr: 0.4, crud: 0.3, continuity: 0.3 } as const;
/** Effort of one clarification, as in the original system. */
const HITL_EFFORT = 3;

/**
 * The figures of `metrics.json`, as docs/metrics.md defines them. A pure function of the summary: the file can be deleted and
 * rebuilt. What was not measured is null, never 0.
 *
 * @example const { aggregate_metrics, tokens_complete } = computeMetrics(await foldRun(source));
 */
export function computeMetrics(summary: RunSummary): RunMetrics {
  return {
    format_version: FORMAT_VERSION,
    run_id: summary.run_id,
    framework: summary.framework,
    model: summary.model,
    rehearsal: summary.rehearsal,
    replay_of: summary.replay_of,
    status: summary.status,
    failing_phase: summary.failing_phase,
    failing_step: summary.failing_step,
    start_timestamp: summary.started_at,
    end_timestamp: summary.ended_at,
    duration_seconds: summary.duration_seconds,
    steps: summary.steps.map(stepMetrics),
    steps_succeeded: summary.steps_succeeded,
    steps_total: summary.steps_total,
    aggregate_metrics: aggregate(summary),
    tokens_complete: isComplete(summary.usage),
    usage: summary.usage,
    usage_outside_steps: summary.usage_outside_steps,
    claimed_usage: summary.claimed_usage,
    models: summary.models,
    prices: summary.prices,
    validated_step: lastValidatedStep(summary)?.step ?? null,
    downtime_seconds: round(sumKnown(validations(summary).map((validation) => validation.down_seconds)), 3),
    redactions: summary.redactions,
    record_damage: {
      damaged_lines: summary.damaged.count,
      dropped_lines: summary.dropped.count,
      missing_records: summary.missing_records,
      torn_lines: summary.torn.count,
    },
    verification_status: summary.reconciliation?.verification_status ?? initialStatus(summary),
    usage_api_reconciliation: summary.reconciliation,
  };
}

/** Before the first attempt. A run without calls is compared too: the provider must have no usage for it either. */
function initialStatus({ rehearsal, replay_of, usage_provider, usage }: RunSummary): 'pending' | 'not_applicable' {
  if (rehearsal === true || replay_of !== null || usage_provider === 'none') return 'not_applicable';
  return usage_provider === 'unknown' && (usage.api_calls ?? 0) === 0 ? 'not_applicable' : 'pending';
}

function aggregate(summary: RunSummary): AggregateMetrics {
  const { usage } = summary;
  const utt = summary.steps.filter((step) => step.status !== 'not_reached').length;
  const hit = summary.hitl.count;
  const autonomy = utt === 0 ? null : Math.max(0, 1 - hit / utt);
  const state = lastValidatedStep(summary)?.validation ?? null;
  const crud = state?.crud_passed ?? null;
  const crudShare = ratio(crud, state?.crud_total ?? null);
  const esr = ratio(state?.checks_passed ?? null, state?.checks_total ?? null);
  const continuity = ratio(
    sumKnown(validations(summary).map((validation) => validation.continuity_passed)),
    sumKnown(validations(summary).map((validation) => validation.continuity_total)),
  );
  const measured = esr !== null && crudShare !== null && continuity !== null;
  return {
    [METRIC_NAMES.stepsReached]: utt,
    [METRIC_NAMES.clarifications]: hit,
    [METRIC_NAMES.autonomy]: round(autonomy, 6),
    [METRIC_NAMES.clarificationEffort]: HITL_EFFORT * hit,
    [METRIC_NAMES.inputTokens]: usage.tokens_in,
    [METRIC_NAMES.outputTokens]: usage.tokens_out,
    [METRIC_NAMES.apiCalls]: usage.api_calls,
    [METRIC_NAMES.cacheReadTokens]: usage.tokens_cached,
    [METRIC_NAMES.cacheWriteTokens]: usage.tokens_cache_write,
    [METRIC_NAMES.reasoningTokens]: usage.tokens_reasoning,
    [METRIC_NAMES.stepSeconds]: summary.time.phases.find((phase) => phase.phase === 'steps')?.duration_seconds ?? null,
    [METRIC_NAMES.crudPassed]: crud,
    [METRIC_NAMES.checkSuccessRate]: round(esr, 6),
    [METRIC_NAMES.continuity]: round(continuity, 6),
    [METRIC_NAMES.failedPolls]: sumKnown(validations(summary).map((validation) => validation.polls_failed)),
    [METRIC_NAMES.quality]: measured
      ? round(QUALITY.esr * esr + QUALITY.crud * crudShare + QUALITY.continuity * continuity, 6)
      : null,
    [METRIC_NAMES.autonomyEfficiency]:
      autonomy === null || usage.tokens_in === null || usage.tokens_in === 0
        ? null
        : round(autonomy / Math.log1p(usage.tokens_in), 6),
    [METRIC_NAMES.costUsd]: usage.cost_nano_usd === null ? null : usage.cost_nano_usd / 1e9,
  };
}

function stepMetrics(step: StepSummary): StepMetrics {
  return {
    step_number: step.step,
    name: step.name,
    prompt_sha256: step.prompt_sha256,
    status: step.status,
    success: step.status === 'success',
    duration_seconds: step.duration_seconds,
    retry_count: step.retries,
    hitl_count: step.hitl,
    tokens_in: step.usage.tokens_in,
    tokens_out: step.usage.tokens_out,
    cached_tokens: step.usage.tokens_cached,
    cache_write_tokens: step.usage.tokens_cache_write,
    reasoning_tokens: step.usage.tokens_reasoning,
    api_calls: step.usage.api_calls,
    llm_requests: step.usage.llm_requests,
    cost_nano_usd: step.usage.cost_nano_usd,
    tokens_complete: isComplete(step.usage),
    claimed_usage: step.claimed_usage,
    phases: step.phases,
    usage_outside_phases: step.usage_outside_phases,
    start_timestamp: unixSeconds(step.started_at),
    end_timestamp: unixSeconds(step.ended_at),
    attempts: step.attempts.map((attempt) => ({
      attempt: attempt.attempt,
      status: attempt.status,
      reason: attempt.reason,
      metered: attempt.metered,
      duration_seconds: attempt.duration_seconds,
      tokens_in: attempt.usage.tokens_in,
      tokens_out: attempt.usage.tokens_out,
      cached_tokens: attempt.usage.tokens_cached,
      cache_write_tokens: attempt.usage.tokens_cache_write,
      reasoning_tokens: attempt.usage.tokens_reasoning,
      api_calls: attempt.usage.api_calls,
      cost_nano_usd: attempt.usage.cost_nano_usd,
      claimed_usage: attempt.claimed_usage,
      phases: attempt.phases,
      usage_outside_phases: attempt.usage_outside_phases,
      files_added: attempt.files_added,
      files_changed: attempt.files_changed,
      files_removed: attempt.files_removed,
    })),
    validation: step.validation,
  };
}

/** Validations in which the application should have been running. */
function validations(summary: RunSummary) {
  return summary.steps.flatMap((step) =>
    step.validation !== null && step.validation.app_started !== null ? [step.validation] : [],
  );
}

/** The last step whose validation should have had the application running: the final state of the run. */
function lastValidatedStep(summary: RunSummary): StepSummary | null {
  return summary.steps.findLast((step) => step.validation !== null && step.validation.app_started !== null) ?? null;
}

function ratio(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole === 0 ? null : part / whole;
}

function round<V extends number | null>(value: V, digits: number): V {
  // Null stays null and a number stays a number; a conditional type would need the same cast.
  return (value === null ? null : Number(value.toFixed(digits))) as V;
}

function unixSeconds(timestamp: string | null): number | null {
  return timestamp === null ? null : Date.parse(timestamp) / 1000;
}
