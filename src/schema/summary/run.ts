/**
 * What one run amounts to: the fold of its log records. Text, Markdown, JSON and `metrics.json` are functions of it.
 * Durations are seconds, sizes bytes, times ISO 8601. What was not measured is null.
 */
import { z } from 'zod';
import { EVENT_METADATA } from '../events.ts';
import { ReconciliationSummary, UsageProvider } from '../reconciliation.ts';
import { Phase, RunStatus } from '../status.ts';
import { ErrorFacts, ProblemSummary } from './problems.ts';
import { StepSummary } from './step.ts';
import { ClaimSummary, ModelSummary, UsageSummary } from './usage.ts';

const count = z.number().int().nonnegative();
const seconds = z.number().nonnegative();

/** One log file of the run. */
export const LogFileSummary = z.object({
  /** Relative to the run directory. */
  path: z.string(),
  /** Null for files outside steps. */
  step: z.number().int().nullable(),
  /** From the file's name. */
  component: z.string(),
  /** Damaged ones included, blank ones not. */
  lines: count,
  /** Lines that are no record. */
  damaged_lines: count,
  /** Size; null where the fold was not told. */
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
  /** Phase of the run in which it failed; null where no record says. */
  phase: Phase.nullable(),
  /** Id of the step that failed; null outside steps. */
  step: z.number().int().nullable(),
  /** The last attempt at that step; null without one. */
  attempt: z.number().int().nullable(),
  /** The message of the recorded error, else what the last attempt's end says; `unknown` where no record says. */
  cause: z.string(),
  /** The last lines of output of what failed; each at most 200 characters. */
  last_lines: z.array(z.string()),
  /** Where to read on, relative to the run directory; null where there is no such file. */
  log_file: z.string().nullable(),
});
export type FailureSummary = z.infer<typeof FailureSummary>;

/** The fold of all records of a run. A running, failed or crashed run has the same fields as a finished one. */
export const RunSummary = z.object({
  /** Version of the format that this summary has, `major.minor`. */
  format_version: z.string(),
  /** Null where no record names it. */
  run_id: z.string().nullable(),
  /** Its name in the configuration; null where no record names it. */
  framework: z.string().nullable(),
  /** What drove the framework; null, as is the rest of the head, when no start of the run is recorded. */
  adapter: z.string().nullable(),
  /** The commit, or version of a package, that really ran; null where none is recorded. */
  framework_commit: z.string().nullable(),
  /** Version of stepwell that ran it. */
  stepwell_version: z.string().nullable(),
  /** The model that the framework was told to ask. */
  model: z.string().nullable(),
  /** True when the scripted offline model answered. */
  rehearsal: z.boolean().nullable(),
  /** The run whose recorded exchanges answered in place of a model; null when none did. */
  replay_of: z.string().nullable(),
  /** Position among the rounds of its framework, from 1. */
  round: z.number().int().nullable(),
  /** `running` until an end is recorded, so also for a run whose process died, until `recover` completes its record. */
  status: RunStatus,
  /** Null for a run that did not fail or is not over. */
  failing_phase: Phase.nullable(),
  /** Id of the step that failed; null where none did. */
  failing_step: z.number().int().nullable(),
  /** The recorded failure of the run; null where there is none. */
  error: ErrorFacts.nullable(),
  /** Null for a run that succeeded or is not over. */
  failure: FailureSummary.nullable(),
  /** What `recover` found when it completed the record; null for a run that it did not have to complete. */
  recovered: z
    .object({
      /** Why the record was not complete, in words. */
      reason: z.string(),
      /** Processes of the run that were still running and were ended. */
      killed: count,
      /** The last record before the recovery; null when there was none. */
      last_record_at: z.string().nullable(),
    })
    .nullable(),
  /** Null when no start is recorded. */
  started_at: z.string().nullable(),
  /** Null when no end is recorded. Of a crashed run: its last record. */
  ended_at: z.string().nullable(),
  /** The latest time of any record; null without records. */
  last_record_at: z.string().nullable(),
  /** From start to end, before sealing; null when no end is recorded. */
  duration_seconds: seconds.nullable(),
  /** What the run was told to do; null when no start is recorded. */
  configuration: z
    .object({
      /** Steps that were to run. */
      steps_configured: count,
      /** Limit of one attempt. */
      step_timeout_seconds: seconds,
      /** Attempts after the first. */
      max_retries: count,
      /** Null where the configuration gives none. */
      random_seed: z.number().int().nullable(),
      /** Between two polls of the built application. */
      health_check_interval_seconds: seconds,
      on_step_failure: z.enum(['stop', 'continue']),
      /** True when the built application is started and probed after each step. */
      validates_app: z.boolean(),
      /** Of the bytes of `config.yaml`, in hex. */
      config_sha256: z.string(),
      /** Runs with the same one were measured by the same checks. Null where that was not recorded yet. */
      checks_digest: z.string().nullable(),
    })
    .nullable(),
  /** Planned steps in the order of the plan, reached or not; then others that have records. */
  steps: z.array(StepSummary),
  /** Steps with the status `success`. */
  steps_succeeded: count,
  /** Null when the run's start is not recorded. */
  steps_total: count.nullable(),
  /** Every step together, and what was called outside steps. */
  usage: UsageSummary,
  /** What was called while no attempt was going on. */
  usage_outside_steps: UsageSummary,
  /** Null where no attempt claimed anything. */
  claimed_usage: ClaimSummary.nullable(),
  /** Together they are the run's use. */
  models: z.array(ModelSummary),
  /** Where the prices came from; null where no record says. */
  prices: EVENT_METADATA.prices_loaded.nullable(),
  /** Where the time went. */
  time: z.object({
    /** Phases that began, in order. Duration and `ok` are null when no end is recorded. */
    phases: z.array(z.object({ phase: Phase, duration_seconds: seconds.nullable(), ok: z.boolean().nullable() })),
    /** Sum over all attempts with a recorded end; null without one. */
    attempts_seconds: seconds.nullable(),
    /** Scheduled waits between attempts. */
    backoff_seconds: seconds,
    /** Sum over all validations; null without one. */
    validation_seconds: seconds.nullable(),
    /** Sum of the calls' own durations; concurrent calls overlap. Null when nothing was metered. */
    llm_seconds: seconds.nullable(),
  }),
  /** Records of level error or fatal, without the framework's own output and events. */
  errors: ProblemSummary,
  /** Records of level warn, without the framework's own output and events. */
  warnings: ProblemSummary,
  /** Lines that are no record: all are counted, the first five are kept. */
  damaged: z.object({
    count,
    bytes: count,
    first: z.array(z.object({ file: z.string(), line: z.number().int(), bytes: count, reason: z.string() })),
  }),
  /** Records of stepwell whose event does not have the metadata it should have; they are in no total. The first five are kept. */
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
  /** Records whose message or metadata was cut to fit the limit of a record. */
  truncated_records: count,
  /** Processes that wrote the records. 0 for a run of the original system, where no record is stepwell's; `status` then says nothing. */
  writers: count,
  /** Secrets masked before anything was written; null for a crashed run, or when no end is recorded. */
  redactions: count.nullable(),
  /** Clarifications that the framework asked and got answered: all are counted, the first 20 are kept. */
  hitl: z.object({ count, first: z.array(HitlExample) }),
  /** Sorted by path. */
  log_files: z.array(LogFileSummary),
  /** Of all log files. */
  log_lines: count,
  /** Of all log files; null when the size of one is unknown. */
  log_bytes: count.nullable(),
  /** Whose usage API has figures of the run: `none` where the calls are not billed, `unknown` where no record says. */
  usage_provider: z.enum([...UsageProvider.options, 'none', 'unknown']),
  /** Comparison with the provider's own figures, from `reconciliation.log`; null in the fold of the sealed logs. */
  reconciliation: ReconciliationSummary.nullable(),
});
export type RunSummary = z.infer<typeof RunSummary>;
