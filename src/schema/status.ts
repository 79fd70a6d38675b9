/** How runs, steps, attempts, phases and validations go: what records, metadata and summaries share. */
import { z } from 'zod';
import { RUN_STATUSES } from './vocabulary.ts';

const count = z.number().int().nonnegative();
const seconds = z.number().nonnegative();

/** How a run is or ended: `running` until its end is recorded, `crashed` where its process died before that. */
export const RunStatus = z.enum(RUN_STATUSES);
export type RunStatus = z.infer<typeof RunStatus>;

/** How a step or an attempt ended; `crashed` where the run ended without a recorded end of it. */
export const StepStatus = z.enum(['success', 'failed', 'timed_out', 'interrupted', 'crashed']);
export type StepStatus = z.infer<typeof StepStatus>;

/** Phases of a run, in order; `failing_phase` is one of them. */
export const Phase = z.enum(['prepare', 'steps', 'stop', 'seal']);
export type Phase = z.infer<typeof Phase>;

/** A step of the run's configuration, as it is recorded before the run starts. */
export const PlannedStep = z.object({
  /** The id of the step in the configuration. */
  step: z.number().int().positive(),
  /** For people; from the configuration. */
  name: z.string(),
  /** As the configuration writes it: relative to the configuration's file. */
  prompt_file: z.string(),
  /** Of the bytes of the prompt's file, in hex. */
  prompt_sha256: z.string(),
});
export type PlannedStep = z.infer<typeof PlannedStep>;

/** Why an attempt did not succeed. */
export const FailureReason = z.enum([
  'framework_failed',
  'exit_code',
  'signal',
  'time_limit',
  'no_changes',
  'artifacts',
  'budget_exceeded',
  'interrupted',
  'internal',
]);
export type FailureReason = z.infer<typeof FailureReason>;

/** How a phase of the framework's work ended; `unfinished`: it began and was stopped before its end. */
export const FrameworkPhaseStatus = z.enum(['completed', 'failed', 'unfinished']);
export type FrameworkPhaseStatus = z.infer<typeof FrameworkPhaseStatus>;

/** A file of the workspace. */
export const FileFact = z.object({
  /** Relative to the workspace, with `/`. */
  path: z.string(),
  /** Size of its content. */
  bytes: count,
  /** Of its content, in hex. */
  sha256: z.string(),
});
export type FileFact = z.infer<typeof FileFact>;

/** What the framework reported of its own use: a claim, kept beside the meter's measurement. */
export const ClaimedUsage = z.object({
  /** Null when the framework did not report them. */
  input_tokens: count.nullable(),
  /** Null when the framework did not report them. */
  output_tokens: count.nullable(),
  /** Calls to the model; null when the framework did not report them. */
  calls: count.nullable(),
});
export type ClaimedUsage = z.infer<typeof ClaimedUsage>;

/** What a validation measured. The figures of the application are null when it was not meant to be started. */
export const ValidationMeasures = z.object({
  /** Artifact checks that passed. */
  artifacts_passed: count,
  /** Artifact checks that were made. */
  artifacts_total: count,
  /** False when it did not answer in time; null when it was not meant to be started. */
  app_started: z.boolean().nullable(),
  /** HTTP checks that passed. */
  checks_passed: count.nullable(),
  /** HTTP checks that were due at this step. When the application did not start, they count as failed. */
  checks_total: count.nullable(),
  /** Of `checks_passed`: those that create, read, list, update or delete. */
  crud_passed: count.nullable(),
  /** Of `checks_total`: those that create, read, list, update or delete. */
  crud_total: count.nullable(),
  /** Health polls while the application was meant to be up; null also when it did not start. */
  polls: count.nullable(),
  /** Of `polls`: those that failed. */
  polls_failed: count.nullable(),
  /** How long the application did not answer while it was meant to be up; null also when it did not start. */
  down_seconds: seconds.nullable(),
  /** Of the whole validation. */
  duration_seconds: seconds,
});
