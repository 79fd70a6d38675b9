/** How runs, steps, attempts and phases go: the words that records, metadata and summaries share. */
import { z } from 'zod';
import { RUN_STATUSES } from './vocabulary.ts';

const count = z.number().int().nonnegative();

export const RunStatus = z.enum(RUN_STATUSES);
export type RunStatus = z.infer<typeof RunStatus>;

export const StepStatus = z.enum(['success', 'failed', 'timed_out', 'interrupted', 'crashed']);
export type StepStatus = z.infer<typeof StepStatus>;

/** Phases of a run, in order; `failing_phase` is one of them. */
export const Phase = z.enum(['prepare', 'steps', 'stop', 'seal']);
export type Phase = z.infer<typeof Phase>;

export const PlannedStep = z.object({
  step: z.number().int().positive(),
  name: z.string(),
  prompt_file: z.string(),
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

export const FrameworkPhaseStatus = z.enum(['completed', 'failed', 'unfinished']);
export type FrameworkPhaseStatus = z.infer<typeof FrameworkPhaseStatus>;

export const FileFact = z.object({ path: z.string(), bytes: count, sha256: z.string() });
export type FileFact = z.infer<typeof FileFact>;

/** What the framework reported of its own use: a claim, kept beside the meter's measurement. */
export const ClaimedUsage = z.object({
  input_tokens: count.nullable(),
  output_tokens: count.nullable(),
  calls: count.nullable(),
});
export type ClaimedUsage = z.infer<typeof ClaimedUsage>;
