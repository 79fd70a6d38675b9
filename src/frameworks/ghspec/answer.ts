/** What `specify workflow run --json` says at its end. */
import { z } from 'zod';
import { describeOutcome, type ProgramOutcome } from '../../exec.ts';
import type { FrameworkClaim } from '../../run.ts';
import { failedEnd } from '../command/ending.ts';

const Answer = z.looseObject({
  status: z.string(),
  current_step_id: z.string().nullable().optional(),
  error: z.unknown().optional(),
});

/** Null when it claims to have completed the workflow. Exit code 0 alone says nothing: a workflow that waits at a gate ends with it. */
export function failureOf(outcome: ProgramOutcome, stdout: readonly string[]): FrameworkClaim | null {
  const failed = failedEnd(outcome);
  const answer = findAnswer(stdout);
  if (answer === null) {
    return failed ?? { status: 'failure', reason: 'framework_failed', message: 'exit code 0, but without its JSON answer' };
  }
  const { status, current_step_id, error } = answer;
  if (failed === null && status === 'completed') return null;
  const at = typeof current_step_id === 'string' ? ` at ${JSON.stringify(current_step_id)}` : '';
  const why = typeof error === 'string' && error !== '' ? `: ${error.replace(/\s+/g, ' ').slice(0, 500)}` : '';
  const message = `Spec Kit ended as ${JSON.stringify(status)}${at} (${describeOutcome(outcome)})${why}`;
  const reason = failed?.status === 'failure' ? failed.reason : 'framework_failed';
  return { status: 'failure', reason, message };
}

/** One object, printed over many lines, after whatever else was printed. */
function findAnswer(stdout: readonly string[]): z.infer<typeof Answer> | null {
  const from = stdout.findLastIndex((line) => line.startsWith('{'));
  if (from === -1) return null;
  try {
    return Answer.parse(JSON.parse(stdout.slice(from).join('\n')));
  } catch {
    return null;
  }
}
