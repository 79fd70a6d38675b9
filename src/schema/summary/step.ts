/** Steps, their attempts and their validation, in a summary. Seconds, ISO 8601; what was not measured is null. */
import { z } from 'zod';
import { ClaimedUsage, FailureReason, StepStatus, ValidationMeasures } from '../status.ts';
import { ErrorFacts } from './problems.ts';
import { ClaimSummary, PhaseSummary, PhaseUsage, UsageSummary } from './usage.ts';

const count = z.number().int().nonnegative();
const seconds = z.number().nonnegative();

/** One attempt at a step. What its end would say is null while no end is recorded. */
export const AttemptSummary = z.object({
  /** From 1. */
  attempt: z.number().int(),
  /** `running` when no end is recorded and the run has not ended; `crashed` when the run ended without it. */
  status: z.enum([...StepStatus.options, 'running']),
  /** Why it did not succeed; null for a success. */
  reason: FailureReason.nullable(),
  /** What the framework itself said. */
  claim: z.enum(['success', 'failure']).nullable(),
  /** The use of models that the framework itself reported; null where it reported none. */
  claimed_usage: ClaimedUsage.nullable(),
  /** False when no end of the attempt is recorded. */
  end_recorded: z.boolean(),
  /** True when the framework was given the proxy's URL; null when no start of the attempt is recorded. */
  metered: z.boolean().nullable(),
  /** Null when no start is recorded. */
  started_at: z.string().nullable(),
  /** Null when no end is recorded. */
  ended_at: z.string().nullable(),
  /** From its start until its processes had ended and the workspace was measured. */
  duration_seconds: seconds.nullable(),
  /** What the calls of this attempt came to. */
  usage: UsageSummary,
  /** In the order in which they ended. */
  phases: z.array(PhaseSummary),
  /** Calls that belong to no phase; null where there are no phases. */
  usage_outside_phases: PhaseUsage.nullable(),
  /** Files of the workspace that were not there before the attempt. */
  files_added: count.nullable(),
  /** Files of the workspace whose content changed. */
  files_changed: count.nullable(),
  /** Files of the workspace that are gone. */
  files_removed: count.nullable(),
  /** Processes that were still running when the attempt was over, and were ended. */
  processes_killed: count.nullable(),
  /** Files a failed attempt left behind, before the workspace was put back. */
  leftover_files: count.nullable(),
  /** Scheduled wait before the next attempt. */
  backoff_seconds: seconds.nullable(),
  /** How it ended, in the words of its last record; at most 400 characters. */
  message: z.string().nullable(),
  /** What was thrown, if anything. */
  error: ErrorFacts.nullable(),
});
export type AttemptSummary = z.infer<typeof AttemptSummary>;

/** The last validation of a step: what `validation_end` says, and what follows from its checks. */
export const ValidationSummary = ValidationMeasures.extend({
  /** Of `continuity_total`: checks that passed again. Null when none was due. */
  continuity_passed: count.nullable(),
  /** Checks that had passed at an earlier step and were due again here. Null when none was. */
  continuity_total: count.nullable(),
  /** Failed checks in words; the first few. */
  failures: z.array(z.string()),
});
export type ValidationSummary = z.infer<typeof ValidationSummary>;

/** One step: planned, reached or recorded. */
export const StepSummary = z.object({
  /** Its id in the configuration. */
  step: z.number().int(),
  /** For people; null where neither plan nor start is recorded. */
  name: z.string().nullable(),
  /** Relative to the configuration's file; null as `name`. */
  prompt_file: z.string().nullable(),
  /** Of the bytes of the prompt's file, in hex; null as `name`. */
  prompt_sha256: z.string().nullable(),
  /** `unknown` where there are records of the step and stepwell wrote none of the run's. */
  status: z.enum([...StepStatus.options, 'running', 'not_reached', 'unknown']),
  /** Null when no start is recorded. */
  started_at: z.string().nullable(),
  /** Null when no end is recorded. Validation comes after it. */
  ended_at: z.string().nullable(),
  /** Attempts and the waits between them, without validation. */
  duration_seconds: seconds.nullable(),
  /** Attempts begun after the first. */
  retries: count,
  /** In the order of their numbers. */
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
  /** Clarifications that the framework asked and got answered. */
  hitl: count,
  /** Records of level error or fatal, without the framework's own output and events. */
  errors: count,
  /** Records of level warn, without the framework's own output and events. */
  warnings: count,
  /** Null where no validation has ended since the last attempt began. */
  validation: ValidationSummary.nullable(),
});
export type StepSummary = z.infer<typeof StepSummary>;
