/** `metrics.json`: derived from a run's summary. Each figure is defined in docs/metrics.md; what was not measured is null. */
import { z } from 'zod';
import { EVENT_METADATA } from './events.ts';
import { METRIC_NAMES } from './metric-names.ts';
import { ClaimedUsage, FailureReason, Phase, RunStatus, StepStatus } from './status.ts';
import { ReconciliationState, ReconciliationSummary } from './reconciliation.ts';
import { ClaimSummary, ModelSummary, PhaseSummary, PhaseUsage, UsageSummary, ValidationSummary } from './summary.ts';

const count = z.number().int().nonnegative();
const seconds = z.number().nonnegative();
const share = z.number().min(0).max(1);

const AttemptMetrics = z.object({
  attempt: z.number().int(),
  status: z.enum([...StepStatus.options, 'running']),
  reason: FailureReason.nullable(),
  metered: z.boolean().nullable(),
  duration_seconds: seconds.nullable(),
  tokens_in: count.nullable(),
  tokens_out: count.nullable(),
  cached_tokens: count.nullable(),
  cache_write_tokens: count.nullable(),
  reasoning_tokens: count.nullable(),
  api_calls: count.nullable(),
  cost_nano_usd: count.nullable(),
  claimed_usage: ClaimedUsage.nullable(),
  phases: z.array(PhaseSummary).default([]),
  usage_outside_phases: PhaseUsage.nullable().default(null),
  files_added: count.nullable(),
  files_changed: count.nullable(),
  files_removed: count.nullable(),
});

export const StepMetrics = z.object({
  step_number: z.number().int(),
  name: z.string().nullable(),
  prompt_sha256: z.string().nullable(),
  status: z.enum([...StepStatus.options, 'running', 'not_reached', 'unknown']),
  success: z.boolean(),
  duration_seconds: seconds.nullable(),
  retry_count: count,
  hitl_count: count,
  tokens_in: count.nullable(),
  tokens_out: count.nullable(),
  cached_tokens: count.nullable(),
  cache_write_tokens: count.nullable(),
  reasoning_tokens: count.nullable(),
  api_calls: count.nullable(),
  llm_requests: count.nullable(),
  cost_nano_usd: count.nullable(),
  /** False when some use of models was not measured: the token figures are then lower bounds. */
  tokens_complete: z.boolean(),
  /** What the framework said of its own use; null where it said nothing. */
  claimed_usage: ClaimSummary.nullable(),
  /** Phases of the framework's work; none where it has no such phases. */
  phases: z.array(PhaseSummary).default([]),
  /** Calls that belong to no phase; null where there are no phases. */
  usage_outside_phases: PhaseUsage.nullable().default(null),
  /** Unix seconds with milliseconds. */
  start_timestamp: z.number().nullable(),
  end_timestamp: z.number().nullable(),
  attempts: z.array(AttemptMetrics),
  validation: ValidationSummary.nullable(),
});
export type StepMetrics = z.infer<typeof StepMetrics>;

export const AggregateMetrics = z.object({
  [METRIC_NAMES.stepsReached]: count,
  [METRIC_NAMES.clarifications]: count,
  [METRIC_NAMES.autonomy]: share.nullable(),
  [METRIC_NAMES.clarificationEffort]: count,
  [METRIC_NAMES.inputTokens]: count.nullable(),
  [METRIC_NAMES.outputTokens]: count.nullable(),
  [METRIC_NAMES.apiCalls]: count.nullable(),
  [METRIC_NAMES.cacheReadTokens]: count.nullable(),
  [METRIC_NAMES.cacheWriteTokens]: count.nullable(),
  [METRIC_NAMES.reasoningTokens]: count.nullable(),
  [METRIC_NAMES.stepSeconds]: seconds.nullable(),
  [METRIC_NAMES.crudPassed]: count.nullable(),
  [METRIC_NAMES.checkSuccessRate]: share.nullable(),
  [METRIC_NAMES.continuity]: share.nullable(),
  [METRIC_NAMES.failedPolls]: count.nullable(),
  [METRIC_NAMES.quality]: share.nullable(),
  [METRIC_NAMES.autonomyEfficiency]: z.number().nonnegative().nullable(),
  [METRIC_NAMES.costUsd]: z.number().nonnegative().nullable(),
});
export type AggregateMetrics = z.infer<typeof AggregateMetrics>;

export const RunMetrics = z.object({
  format_version: z.string(),
  run_id: z.string().nullable(),
  framework: z.string().nullable(),
  model: z.string().nullable(),
  rehearsal: z.boolean().nullable(),
  replay_of: z.string().nullable().default(null),
  status: RunStatus,
  failing_phase: Phase.nullable(),
  failing_step: z.number().int().nullable(),
  start_timestamp: z.string().nullable(),
  end_timestamp: z.string().nullable(),
  duration_seconds: seconds.nullable(),
  steps: z.array(StepMetrics),
  steps_succeeded: count,
  steps_total: count.nullable(),
  aggregate_metrics: AggregateMetrics,
  /** False when some use of models was not measured: the token figures are then lower bounds. */
  tokens_complete: z.boolean(),
  /** Every figure of the ledger, for the whole run and for what was called outside steps. */
  usage: UsageSummary,
  usage_outside_steps: UsageSummary,
  claimed_usage: ClaimSummary.nullable(),
  models: z.array(ModelSummary),
  prices: EVENT_METADATA.prices_loaded.nullable(),
  /** The step whose validation CRUDe and ESR come from. */
  validated_step: z.number().int().nullable(),
  downtime_seconds: seconds.nullable(),
  redactions: count.nullable(),
  record_damage: z.object({ damaged_lines: count, dropped_lines: count, missing_records: count, torn_lines: count }),
  /** `pending` until compared with the provider's own figures; `not_applicable` where there is nothing to compare. */
  verification_status: ReconciliationState,
  /** Stands beside the measured figures, which it never changes. Null before the first attempt. */
  usage_api_reconciliation: ReconciliationSummary.nullable(),
});
export type RunMetrics = z.infer<typeof RunMetrics>;

/** The bytes of metrics.json: whoever writes or checks the file takes them from here. */
export function metricsText(metrics: RunMetrics): string {
  return `${JSON.stringify(metrics, null, 2)}\n`;
}
