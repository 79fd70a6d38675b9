/** The work of one step as Spec Kit sees it: its own four commands one after another. */
import { stringify } from 'yaml';

export const PHASES = ['specify', 'plan', 'tasks', 'implement'] as const;
export type Phase = (typeof PHASES)[number];

/** The workflow that comes with Spec Kit stops at gates, where nobody is to answer. This one has the same commands and none. */
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

/** Which phase the agent is called for, by what Spec Kit gives it on its command line; null for anything else. */
export function phaseOf(args: readonly string[]): Phase | null {
  const called = /^\/speckit\.(\w+)/.exec(args[args.indexOf('-p') + 1] ?? '')?.[1];
  return PHASES.find((phase) => phase === called) ?? null;
}
