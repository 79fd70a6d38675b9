import { defineErrors } from '../errors/index.ts';

export const runError = defineErrors({
  NO_HITL_TEXT: (facts: { step: number; query: string }) => ({
    sentence: `In step ${facts.step} the framework asked for a clarification (${JSON.stringify(facts.query.slice(0, 200))}), but no answer is configured.`,
    fix: 'Set hitl_path in the configuration to a file with the fixed answer.',
    exitCode: 2,
  }),
});
