/** The Spec Kit workflow of one step: its four commands in sequence, and its final report. */
import { stringify } from 'yaml';
import { z } from 'zod';
import { describeOutcome, type ProgramOutcome } from '../../exec/index.ts';
import type { FrameworkClaim } from '../../run/index.ts';
import { failureOfOutcome } from '../framework-process.ts';

export const PHASES = ['specify', 'plan', 'tasks', 'implement'] as const;
export type Phase = (typeof PHASES)[number];

/** Spec Kit's own workflow stops at interactive gates. This one has the same commands without gates. */
export function workflowText(): string {
  return stringify({
    schema_version: '1.0',
    workflow: { id: 'stepwell', name: 'One feature', version: '1.0.0', description: `${PHASES.join(', ')}, without gates` },
    inputs: { spec: { type: 'string', required: true } },
    steps: PHASES.map((phase) => ({
      id: phase,
      command: `speckit.${phase}`,
      integration: 'pi',
      input: { args: '{{ inputs.spec }}' },
    })),
  });
}

/** The phase that the agent is called for, from its command line; null for anything else. */
export function phaseOf(args: readonly string[]): Phase | null {
  const called = /^\/speckit\.(\w+)/.exec(args[args.indexOf('-p') + 1] ?? '')?.[1];
  return PHASES.find((phase) => phase === called) ?? null;
}

const Answer = z.looseObject({
  status: z.string(),
  current_step_id: z.string().nullable().optional(),
  error: z.unknown().optional(),
});

/** Null when it claims to have completed the workflow. Exit code 0 alone proves nothing: a workflow waiting at a gate exits with 0, too. */
export function failureOf(outcome: ProgramOutcome, stdout: readonly string[]): FrameworkClaim | null {
  const failed = failureOfOutcome(outcome);
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

/** One multi-line JSON object after any other output. */
function findAnswer(stdout: readonly string[]): z.infer<typeof Answer> | null {
  const from = stdout.findLastIndex((line) => line.startsWith('{'));
  if (from === -1) return null;
  try {
    return Answer.parse(JSON.parse(stdout.slice(from).join('\n')));
  } catch {
    return null;
  }
}
