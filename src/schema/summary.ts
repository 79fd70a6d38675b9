/**
 * What one run amounts to: the fold of its log records. Text, Markdown, JSON and `metrics.json` are functions of it.
 * Durations are seconds, sizes bytes, times ISO 8601. What was not measured is null.
 */
import { z } from 'zod';
import { EVENT_METADATA } from './events.ts';
import { ClaimedUsage, FailureReason, FrameworkPhaseStatus, Phase, RunStatus, StepStatus } from './status.ts';
import { Level } from './record.ts';
import { ReconciliationSummary, UsageProvider } from './reconciliation.ts';

const count = z.number().int().nonnegative();
const seconds = z.number().nonnegative();

/**
 * Use of models, added up from the ledger. Tokens are the sum over the calls that reported them, so they are a lower bound
 * while `unmetered_attempts`, `calls_without_usage`, `open_calls` or `unmetered_requests` is above 0; null when nothing was measured.
 */
export const UsageSummary = z.object({
  /** Requests made at the proxy, failed and unfinished ones included. */
  api_calls: count.nullable(),
  /** Logical requests: a failed call that was sent again counts once. */
  llm_requests: count.nullable(),
  failed_calls: count,
  /** Started, never ended: in flight, or cut off by the death of the process. */
  open_calls: count,
  /** Recorded after their attempt had ended. */
  late_calls: count,
  /** Answered calls without usage figures. */
  calls_without_usage: count,
  /** Those of them whose usage stepwell estimated; what it came to is below and in no total. */
  calls_estimated: count,
  /** Calls with usage and without a known cost. */
  calls_without_price: count,
  /** Calls sent to the run's URL, counted in the attempt that was going on. */
  calls_by_current_attempt: count,
  /** Requests that the proxy refused for a budget. They are no calls. */
  budget_refused: count,
  /** Requests that use no tokens, such as for the list of models. They are no calls. */
  lookups: count,
  /** Requests on paths the meter does not understand and that may have used tokens: those that only look something up are none. */
  unmetered_requests: count,
  unmetered_attempts: count,
  /** Cached tokens included. */
  tokens_in: count.nullable(),
  tokens_out: count.nullable(),
  tokens_cached: count.nullable(),
  /** Of `tokens_in`: written to the cache. */
  tokens_cache_write: count.nullable(),
  /** Of `tokens_out`. */
  tokens_reasoning: count.nullable(),
  /** Of the estimated calls; null when there is no estimate. */
  estimated_tokens_in: count.nullable(),
  estimated_tokens_out: count.nullable(),
  /** Sum of the calls' own durations; concurrent calls overlap. */
  llm_seconds: seconds.nullable(),
  /** Billionths of a US dollar. Null when a call with usage has no known cost; a lower bound where tokens are one. */
  cost_nano_usd: count.nullable(),
});
export type UsageSummary = z.infer<typeof UsageSummary>;

/** The part of a usage that can be told apart for a phase of the framework's work. */
export const PhaseUsage = z.object({
  api_calls: count.nullable(),
  llm_requests: count.nullable(),
  failed_calls: count,
  open_calls: count,
  calls_without_usage: count,
  calls_without_price: count,
  tokens_in: count.nullable(),
  tokens_out: count.nullable(),
  tokens_cached: count.nullable(),
  tokens_cache_write: count.nullable(),
  tokens_reasoning: count.nullable(),
  llm_seconds: seconds.nullable(),
  cost_nano_usd: count.nullable(),
});
export type PhaseUsage = z.infer<typeof PhaseUsage>;

/** A phase of the framework's work: the calls sent to its own URL, and what the adapter says of it. */
export const PhaseSummary = PhaseUsage.extend({
  phase: z.string(),
  /** How it ended the last time; null where nobody said. */
  status: FrameworkPhaseStatus.nullable(),
  /** All times that it ran; null where nobody said of one. */
  duration_seconds: seconds.nullable(),
});
export type PhaseSummary = z.infer<typeof PhaseSummary>;

/** What a framework said of its own use, added up over the attempts that said something. Never part of a measurement. */
export const ClaimSummary = ClaimedUsage.extend({
  /** True when some attempt said nothing, or not all: the sums are then of what was said. */
  partial: z.boolean(),
  /**
   * Largest difference of input or output tokens to what the proxy measured for the same attempts, in percent of the latter; null where
   * it was not measured.
   */
  difference_percent: z.number().nonnegative().nullable(),
});
export type ClaimSummary = z.infer<typeof ClaimSummary>;

/** One recorded problem and where it stands. */
export const ProblemExample = z.object({
  timestamp: z.string(),
  level: Level,
  component: z.string(),
  step: z.number().int().nullable(),
  attempt: z.number().int().nullable(),
  event: z.string(),
  /** Message and the error's own words; at most 400 characters. */
  message: z.string(),
  file: z.string(),
  line: z.number().int(),
});
export type ProblemExample = z.infer<typeof ProblemExample>;

/** All are counted, the first and the last few are kept. */
export const ProblemSummary = z.object({ count, first: z.array(ProblemExample), last: z.array(ProblemExample) });
export type ProblemSummary = z.infer<typeof ProblemSummary>;

/** Type, message and code of a recorded error, and of what caused it, outermost first. */
export const ErrorFacts = z.object({
  type: z.string(),
  message: z.string(),
  code: z.union([z.string(), z.number()]).nullable(),
  causes: z.array(z.string()),
});
export type ErrorFacts = z.infer<typeof ErrorFacts>;

export const AttemptSummary = z.object({
  attempt: z.number().int(),
  /** `running` when no end is recorded and the run has not ended; `crashed` when the run ended without it. */
  status: z.enum([...StepStatus.options, 'running']),
  reason: FailureReason.nullable(),
  /** What the framework itself said. */
  claim: z.enum(['success', 'failure']).nullable(),
  claimed_usage: ClaimedUsage.nullable(),
  /** False when no end of the attempt is recorded. */
  end_recorded: z.boolean(),
  metered: z.boolean().nullable(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  duration_seconds: seconds.nullable(),
  usage: UsageSummary,
  /** In the order in which they ended. */
  phases: z.array(PhaseSummary),
  /** Calls that belong to no phase; null where there are no phases. */
  usage_outside_phases: PhaseUsage.nullable(),
  files_added: count.nullable(),
  files_changed: count.nullable(),
  files_removed: count.nullable(),
  processes_killed: count.nullable(),
  /** Files a failed attempt left behind, before the workspace was put back. */
  leftover_files: count.nullable(),
  /** Scheduled wait before the next attempt. */
  backoff_seconds: seconds.nullable(),
  /** How it ended, in the words of its last record; at most 400 characters. */
  message: z.string().nullable(),
  error: ErrorFacts.nullable(),
});
export type AttemptSummary = z.infer<typeof AttemptSummary>;

/** The last validation of a step: what `validation_end` says, and what follows from its checks. */
export const ValidationSummary = EVENT_METADATA.validation_end.extend({
  /** Checks of earlier steps that had passed and were due again here, and how many still passed. Null when none was due. */
  continuity_passed: count.nullable(),
  continuity_total: count.nullable(),
  /** Failed checks in words; the first few. */
  failures: z.array(z.string()),
});
export type ValidationSummary = z.infer<typeof ValidationSummary>;

export const StepSummary = z.object({
  step: z.number().int(),
  name: z.string().nullable(),
  prompt_file: z.string().nullable(),
  prompt_sha256: z.string().nullable(),
  /** `unknown` where there are records of the step and stepwell wrote none of the run's. */
  status: z.enum([...StepStatus.options, 'running', 'not_reached', 'unknown']),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  /** Attempts and the waits between them, without validation. */
  duration_seconds: seconds.nullable(),
  /** Attempts begun after the first. */
  retries: count,
  attempts: z.array(AttemptSummary),
  /** Null when no attempt says whether it was metered; false when one of them was not. */
  metered: z.boolean().nullable(),
  /** Every attempt together. */
  usage: UsageSummary,
  /** Of every attempt together, in the order in which they ended for the first time. */
  phases: z.array(PhaseSummary),
  /** Calls that belong to no phase; null where there are no phases. */
  usage_outside_phases: PhaseUsage.nullable(),
  /** Null where no attempt claimed anything. */
  claimed_usage: ClaimSummary.nullable(),
  hitl: count,
  errors: count,
  warnings: count,
  validation: ValidationSummary.nullable(),
});
export type StepSummary = z.infer<typeof StepSummary>;

export const ModelSummary = z.object({
  /** The model asked for, else the one that answered, else `unknown`. */
  model: z.string(),
  /** What the answers called themselves; the first few. */
  answered_as: z.array(z.string()),
  api_calls: count,
  failed_calls: count,
  open_calls: count,
  tokens_in: count.nullable(),
  tokens_out: count.nullable(),
  tokens_cached: count.nullable(),
  tokens_cache_write: count.nullable(),
  tokens_reasoning: count.nullable(),
  llm_seconds: seconds,
  cost_nano_usd: count.nullable(),
  /** Calls with usage and without a known cost. */
  calls_without_price: count,
});
export type ModelSummary = z.infer<typeof ModelSummary>;

export const LogFileSummary = z.object({
  /** Relative to the run directory. */
  path: z.string(),
  step: z.number().int().nullable(),
  component: z.string(),
  lines: count,
  damaged_lines: count,
  bytes: count.nullable(),
});
export type LogFileSummary = z.infer<typeof LogFileSummary>;

const HitlExample = z.object({
  timestamp: z.string(),
  step: z.number().int().nullable(),
  attempt: z.number().int().nullable(),
  query_length: count,
  response_sha1: z.string(),
});

/** Why the run did not succeed, as far as the logs tell. */
export const FailureSummary = z.object({
  phase: Phase.nullable(),
  step: z.number().int().nullable(),
  attempt: z.number().int().nullable(),
  /** One sentence. */
  cause: z.string(),
  /** The last lines of output of what failed; each at most 200 characters. */
  last_lines: z.array(z.string()),
  /** Where to read on, relative to the run directory. */
  log_file: z.string().nullable(),
});
export type FailureSummary = z.infer<typeof FailureSummary>;

export const RunSummary = z.object({
  format_version: z.string(),
  run_id: z.string().nullable(),
  framework: z.string().nullable(),
  adapter: z.string().nullable(),
  /** The commit that really ran. */
  framework_commit: z.string().nullable(),
  stepwell_version: z.string().nullable(),
  model: z.string().nullable(),
  /** True when the scripted offline model answered. */
  rehearsal: z.boolean().nullable(),
  /** The run whose recorded exchanges answered in place of a model; null when none did. */
  replay_of: z.string().nullable(),
  round: z.number().int().nullable(),
  /** `running` until an end is recorded, so also for a run whose process died and that nobody has recovered yet. */
  status: RunStatus,
  failing_phase: Phase.nullable(),
  failing_step: z.number().int().nullable(),
  error: ErrorFacts.nullable(),
  failure: FailureSummary.nullable(),
  /** Set when `recover` completed the record. */
  recovered: z.object({ reason: z.string(), killed: count, last_record_at: z.string().nullable() }).nullable(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  last_record_at: z.string().nullable(),
  duration_seconds: seconds.nullable(),
  configuration: z
    .object({
      steps_configured: count,
      step_timeout_seconds: seconds,
      max_retries: count,
      random_seed: z.number().int().nullable(),
      health_check_interval_seconds: seconds,
      on_step_failure: z.enum(['stop', 'continue']),
      validates_app: z.boolean(),
      config_sha256: z.string(),
      checks_digest: z.string().nullable(),
    })
    .nullable(),
  steps: z.array(StepSummary),
  steps_succeeded: count,
  /** Null when the run's start is not recorded. */
  steps_total: count.nullable(),
  /** Every step together, and what was called outside steps. */
  usage: UsageSummary,
  usage_outside_steps: UsageSummary,
  /** Null where no attempt claimed anything. */
  claimed_usage: ClaimSummary.nullable(),
  /** Together they are the run's use. */
  models: z.array(ModelSummary),
  /** Where the prices came from; null where no record says. */
  prices: EVENT_METADATA.prices_loaded.nullable(),
  time: z.object({
    phases: z.array(z.object({ phase: Phase, duration_seconds: seconds.nullable(), ok: z.boolean().nullable() })),
    attempts_seconds: seconds.nullable(),
    backoff_seconds: seconds,
    validation_seconds: seconds.nullable(),
    llm_seconds: seconds.nullable(),
  }),
  errors: ProblemSummary,
  warnings: ProblemSummary,
  /** Lines that are no record. */
  damaged: z.object({
    count,
    bytes: count,
    first: z.array(z.object({ file: z.string(), line: z.number().int(), bytes: count, reason: z.string() })),
  }),
  /** Records of stepwell whose event does not have the metadata it should have; they are left out of every total. */
  malformed: z.object({
    count,
    first: z.array(z.object({ file: z.string(), line: z.number().int(), event: z.string(), reason: z.string() })),
  }),
  /** Torn last lines that were isolated when a file was opened again. */
  torn: z.object({ count, bytes: count }),
  /** Lines given up while the disk was full. */
  dropped: z.object({ count, bytes: count }),
  /** Numbers that no record of their writer carries although a later one exists. */
  missing_records: count,
  /** Records written by work that outlived its step. */
  late_records: count,
  truncated_records: count,
  /** Processes that wrote the records. 0: no record is stepwell's own, as in a run of the original system; then the status says nothing. */
  writers: count,
  redactions: count.nullable(),
  hitl: z.object({ count, first: z.array(HitlExample) }),
  log_files: z.array(LogFileSummary),
  log_lines: count,
  log_bytes: count.nullable(),
  /** Whose usage API has figures of the run: `none` where nobody bills, `unknown` where no record says. */
  usage_provider: z.enum([...UsageProvider.options, 'none', 'unknown']),
  /** Comparison with the provider's own figures, from `reconciliation.log`; null in the fold of the sealed logs. */
  reconciliation: ReconciliationSummary.nullable(),
});
export type RunSummary = z.infer<typeof RunSummary>;
