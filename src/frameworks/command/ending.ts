/** What the end of a framework's process says. */
import { describeOutcome, type ProgramOutcome } from '../../exec.ts';
import type { FrameworkClaim } from '../../run.ts';

/** Null for exit code 0. @throws when the process could not be started */
export function failedEnd(outcome: ProgramOutcome): FrameworkClaim | null {
  switch (outcome.status) {
    case 'exited':
      return outcome.exitCode === 0 ? null : { status: 'failure', reason: 'exit_code', message: describeOutcome(outcome) };
    case 'signalled':
    case 'timed_out':
    case 'cancelled':
      return { status: 'failure', reason: 'signal', message: describeOutcome(outcome) };
    case 'spawn_failed':
      throw outcome.error;
    default:
      return outcome satisfies never;
  }
}
