/** Why something did not succeed, and how that is said. */
import type { FailureReason, Phase, RunStatus, StepStatus } from '../schema.ts';

/** How an attempt ended. `message` is one line for people; `error` what was thrown, if anything. */
export type AttemptVerdict =
  | { readonly status: 'success' }
  | {
      readonly status: Exclude<StepStatus, 'success' | 'crashed'>;
      readonly reason: FailureReason;
      readonly message: string;
      readonly error?: unknown;
    };

export const INTERRUPTED: AttemptVerdict = { status: 'interrupted', reason: 'interrupted', message: 'the run was interrupted' };

/** The failure that decided a run. */
export interface RunFailure {
  readonly status: Exclude<RunStatus, 'running' | 'success' | 'crashed'>;
  readonly phase: Phase;
  readonly step: number | null;
  readonly error: Error;
}

/** A failure as an error, so that it stands in records and metadata like every other. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
  readonly code: FailureReason;

  constructor(message: string, code: FailureReason, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
