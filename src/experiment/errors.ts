import { defineErrors } from '../errors/index.ts';

export const experimentError = defineErrors({
  CHECKS_FAILED: (facts: { findings: readonly { what: string; fix: string }[] }) => ({
    sentence:
      facts.findings.length === 1
        ? `A check failed; nothing was started: ${facts.findings[0]?.what ?? ''}`
        : `${facts.findings.length} checks failed; nothing was started:\n${facts.findings.map((found) => `  - ${found.what}`).join('\n')}`,
    fix: facts.findings.map((found) => found.fix).join('\n'),
    exitCode: 2,
  }),
  OPTIONS_CONFLICT: (facts: { run: string }) => ({
    sentence: `--record and --replay cannot be combined: the answers in a replay of ${facts.run} are on its cassette already.`,
    fix: 'Remove --record or --replay (library: `record` and `replay` of ExperimentOptions).',
    exitCode: 2,
  }),
  OPTION_REQUIRES: (facts: { option: string }) => ({
    sentence: `${facts.option} requires --replay.`,
    fix: `Add --replay <run> (library: \`replay\` of ExperimentOptions), or remove ${facts.option}.`,
    exitCode: 2,
  }),
  CASSETTE_OF_ANOTHER_FRAMEWORK: (facts: { runId: string; framework: string; wanted: string }) => ({
    sentence: `The run ${facts.runId} was recorded with the framework ${facts.framework}, so it cannot be replayed with ${facts.wanted}.`,
    fix: `Run ${facts.framework}, or pass a recorded run of ${facts.wanted}.`,
    exitCode: 2,
  }),
});
