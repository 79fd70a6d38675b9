/** `metrics.json`: derived from a run's summary. Each figure is defined in docs/metrics.md; what was not measured is null. */
import { z } from 'zod';
import { EVENT_METADATA } from './events.ts';
import { METRIC_NAMES } from './metric-names.ts';
import { ClaimedUsage, FailureReason, Phase, RunStatus, StepStatus } from './status.ts';
import { ReconciliationState, ReconciliationSummary } from './reconciliation.ts';
import { ValidationSummary } from './summary/step.ts';
import { ClaimSummary, ModelSummary, PhaseSummary, PhaseUsage, UsageSummary } from './summary/usage.ts';

const count = z.number().int().nonnegative();
const seconds = z.number().nonnegative();
const share = z.number().min(0).max(1);

/** One attempt: figures of its {@link AttemptSummary}. Tokens and calls are null when not measured. */
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

/** One step: figures of its {@link StepSummary}, under the names of `metrics.json`. */
export const StepMetrics = z.object({
  /** Its id in the configuration. */
  step_number: z.number().int(),
  /** For people; null where neither plan nor start is recorded. */
  name: z.string().nullable(),
  /** Of the bytes of the prompt's file, in hex; null as `name`. */
  prompt_sha256: z.string().nullable(),
  /** As in {@link StepSummary}. */
  status: z.enum([...StepStatus.options, 'running', 'not_reached', 'unknown']),
  /** True for the status `success` alone. */
  success: z.boolean(),
  /** Attempts and the waits between them, without validation; null when no end is recorded. */
  duration_seconds: seconds.nullable(),
  /** Attempts begun after the first. */
  retry_count: count,
  /** Clarifications that the framework asked and got answered. */
  hitl_count: count,
  /** Of all attempts, cached tokens included; null when nothing was measured. */
  tokens_in: count.nullable(),
  /** Of all attempts, reasoning included; null when nothing was measured. */
  tokens_out: count.nullable(),
  /** Of `tokens_in`: read from the cache; null also when no call reported it. */
  cached_tokens: count.nullable(),
  /** Of `tokens_in`: written to the cache; null also when no call reported it. */
  cache_write_tokens: count.nullable(),
  /** Of `tokens_out`; null also when no call reported it. */
  reasoning_tokens: count.nullable(),
  /** Requests made at the proxy, failed and unfinished ones included; null when nothing was metered. */
  api_calls: count.nullable(),
  /** Logical requests: a failed call that was sent again counts once; null when nothing was metered. */
  llm_requests: count.nullable(),
  /** Billionths of a US dollar. Null when a call with usage has no known cost. */
  cost_nano_usd: count.nullable(),
  /** False when some use of models was not measured: the token figures are then lower bounds. */
  tokens_complete: z.boolean(),
  /** What the framework said of its own use; null where it said nothing. */
  claimed_usage: ClaimSummary.nullable(),
  /** Phases of the framework's work; none where it has no such phases. */
  phases: z.array(PhaseSummary).default([]),
  /** Calls that belong to no phase; null where there are no phases. */
  usage_outside_phases: PhaseUsage.nullable().default(null),
  /** Unix seconds with milliseconds; null when no start is recorded. */
  start_timestamp: z.number().nullable(),
  /** Unix seconds with milliseconds; null when no end is recorded. */
  end_timestamp: z.number().nullable(),
  /** In the order of their numbers. */
  attempts: z.array(AttemptMetrics),
  /** Null where no validation has ended since the last attempt began. */
  validation: ValidationSummary.nullable(),
});
export type StepMetrics = z.infer<typeof StepMetrics>;

/** The metrics of a run under the original system's names. Shares are rounded to six decimals. */
export const AggregateMetrics = z.object({
  /** Steps that began. */
  [METRIC_NAMES.stepsReached]: count,
  /** Clarifications answered, over all attempts. */
  [METRIC_NAMES.clarifications]: count,
  /** 0 to 1: `max(0, 1 − HIT / UTT)`; null when no step began. */
  [METRIC_NAMES.autonomy]: share.nullable(),
  /** Points: `3 × HIT`. */
  [METRIC_NAMES.clarificationEffort]: count,
  /** Input tokens of all calls, cached ones included; null when nothing was measured. */
  [METRIC_NAMES.inputTokens]: count.nullable(),
  /** Output tokens of all calls, reasoning included; null when nothing was measured. */
  [METRIC_NAMES.outputTokens]: count.nullable(),
  /** Requests made at the proxy, failed and unfinished ones included; null when nothing was metered. */
  [METRIC_NAMES.apiCalls]: count.nullable(),
  /** Of `TOK_IN`: read from the cache; null also when no call reported it. */
  [METRIC_NAMES.cacheReadTokens]: count.nullable(),
  /** Of `TOK_IN`: written to the cache; null also when no call reported it. */
  [METRIC_NAMES.cacheWriteTokens]: count.nullable(),
  /** Of `TOK_OUT`; null also when no call reported it. */
  [METRIC_NAMES.reasoningTokens]: count.nullable(),
  /** Duration of the phase `steps`: attempts, backoff and validation; null when its end is not recorded. */
  [METRIC_NAMES.stepSeconds]: seconds.nullable(),
  /** CRUD checks that passed at the last validated step; null without one. */
  [METRIC_NAMES.crudPassed]: count.nullable(),
  /** 0 to 1: checks that passed of all checks at the last validated step; null without one, or without checks. */
  [METRIC_NAMES.checkSuccessRate]: share.nullable(),
  /** 0 to 1: earlier checks that still pass, of those that were due again; null when none was due. */
  [METRIC_NAMES.continuity]: share.nullable(),
  /** Health polls that failed while the application was meant to be up, over all steps; null when none was made. */
  [METRIC_NAMES.failedPolls]: count.nullable(),
  /** 0 to 1: `0.4 × ESR + 0.3 × CRUDe / CRUD checks + 0.3 × MC`; null when one of the three is. */
  [METRIC_NAMES.quality]: share.nullable(),
  /** `AUTR / ln(1 + TOK_IN)`; null when one of them is, or there are no input tokens. */
  [METRIC_NAMES.autonomyEfficiency]: z.number().nonnegative().nullable(),
  /** US dollars; null when nothing was metered, or a call with usage has no known cost. */
  [METRIC_NAMES.costUsd]: z.number().nonnegative().nullable(),
});
export type AggregateMetrics = z.infer<typeof AggregateMetrics>;

/** The content of `metrics.json`. */
export const RunMetrics = z.object({
  /** Version of the format, `major.minor`. */
  format_version: z.string(),
  /** Null where no record names it. */
  run_id: z.string().nullable(),
  /** Its name in the configuration; null where no record names it. */
  framework: z.string().nullable(),
  /** The model that the framework was told to ask; null when no start is recorded. */
  model: z.string().nullable(),
  /** True when the scripted offline model answered: no figure is a model's work. Null when no start is recorded. */
  rehearsal: z.boolean().nullable(),
  /** The run whose recorded exchanges answered in place of a model; null when none did. */
  replay_of: z.string().nullable().default(null),
  /** How it is or ended; `running` until an end is recorded. */
  status: RunStatus,
  /** Null for a run that did not fail or is not over. */
  failing_phase: Phase.nullable(),
  /** Id of the step that failed; null where none did. */
  failing_step: z.number().int().nullable(),
  /** ISO 8601; null when no start is recorded. */
  start_timestamp: z.string().nullable(),
  /** ISO 8601; null when no end is recorded. Of a crashed run: its last record. */
  end_timestamp: z.string().nullable(),
  /** From start to end, before sealing; null when no end is recorded. */
  duration_seconds: seconds.nullable(),
  /** Planned steps in the order of the plan, reached or not; then others that have records. */
  steps: z.array(StepMetrics),
  /** Steps with the status `success`. */
  steps_succeeded: count,
  /** Steps that were to run; null when the run's start is not recorded. */
  steps_total: count.nullable(),
  /** One figure each for the whole run. */
  aggregate_metrics: AggregateMetrics,
  /** False when some use of models was not measured: the token figures are then lower bounds. */
  tokens_complete: z.boolean(),
  /** Every figure of the ledger, for the whole run. */
  usage: UsageSummary,
  /** What was called while no attempt was going on. */
  usage_outside_steps: UsageSummary,
  /** What the framework said of its own use; null where no attempt said anything. */
  claimed_usage: ClaimSummary.nullable(),
  /** Together they are the run's use. */
  models: z.array(ModelSummary),
  /** Where the prices came from; null where no record says. */
  prices: EVENT_METADATA.prices_loaded.nullable(),
  /** The step whose validation CRUDe and ESR come from; null when the application was never meant to be started. */
  validated_step: z.number().int().nullable(),
  /** Of the built application, over all validations; null when it was never measured. */
  downtime_seconds: seconds.nullable(),
  /** Secrets masked before anything was written; null for a crashed run, or when no end is recorded. */
  redactions: count.nullable(),
  /** What of the record is lost or damaged. */
  record_damage: z.object({
    /** Lines that are no record. */
    damaged_lines: count,
    /** Lines given up while the disk was full. */
    dropped_lines: count,
    /** Numbers that no record of their writer carries although a later one exists. */
    missing_records: count,
    /** Torn last lines that were isolated when a file was opened again. */
    torn_lines: count,
  }),
  /** `pending` until compared with the provider's own figures; `not_applicable` where there is nothing to compare. */
  verification_status: ReconciliationState,
  /** The provider's own figures. They never change the measured ones. Null before the first attempt. */
  usage_api_reconciliation: ReconciliationSummary.nullable(),
});
export type RunMetrics = z.infer<typeof RunMetrics>;

/** The bytes of metrics.json, for all code that writes or checks the file. */
export function metricsText(metrics: RunMetrics): string {
  return `${JSON.stringify(metrics, null, 2)}\n`;
}
