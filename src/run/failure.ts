/** Why something did not succeed, and how that is said. */
import { ExitCode, messageOf, StepwellError } from '../errors/index.ts';
import type { FailureReason, Phase, RunStatus, StepStatus } from '../schema/index.ts';

/** How an attempt ended. `message` is one line for people; `error` what was thrown, if anything. */
export type AttemptVerdict =
  | { readonly status: 'success' }
  | {
      readonly status: Exclude<StepStatus, 'success' | 'crashed'>;
      readonly reason: FailureReason;
      readonly message: string;
      readonly error?: unknown;
    };

export const INTERRUPTED = {
  status: 'interrupted',
  reason: 'interrupted',
  message: 'the run was interrupted',
} as const satisfies AttemptVerdict;

/** The failure that decided a run. */
export interface RunFailure {
  readonly status: Exclude<RunStatus, 'running' | 'success' | 'crashed'>;
  readonly phase: Phase;
  readonly step: number | null;
  readonly message: string;
  /** For the record, see {@link toRecordedError}. */
  readonly error: unknown;
}

/** A verdict that decided the run. */
export function toRunFailure(
  verdict: Exclude<AttemptVerdict, { status: 'success' }>,
  at: { readonly phase: Phase; readonly step: number | null; readonly name?: string },
): RunFailure {
  const { status, reason, error } = verdict;
  const message = at.step === null ? verdict.message : `step ${at.step} (${at.name}): ${verdict.message}`;
  const thrown = error === undefined ? {} : { cause: toRecordedError(error) };
  return { status, phase: at.phase, step: at.step, message, error: { type: 'StepFailure', message, code: reason, ...thrown } };
}

/** What stepwell itself, or an adapter, threw in a phase. */
export function thrownFailure(phase: Phase, error: unknown): RunFailure {
  return { status: 'failed', phase, step: null, message: messageOf(error), error: toRecordedError(error) };
}

/**
 * What is recorded of something thrown. A coded error was expected: its message says everything, and a stack would only
 * lead into stepwell. Anything else keeps its stack.
 */
export function toRecordedError(error: unknown): unknown {
  if (!(error instanceof StepwellError)) return error;
  return { type: error.name, message: error.message, code: error.code };
}

/** The same at the next attempt: a budget that is used up, and a fault of the configuration, such as a missing program or answer. */
export function isPermanent({ reason, error }: Exclude<AttemptVerdict, { status: 'success' }>): boolean {
  return reason === 'budget_exceeded' || (error instanceof StepwellError && error.exitCode === ExitCode.usage);
}
