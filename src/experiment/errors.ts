import { defineErrors } from '../errors/index.ts';

export const experimentError = defineErrors({
  CHECKS_FAILED: (facts: { findings: readonly { what: string; fix: string }[] }) => ({
    sentence:
      facts.findings.length === 1
        ? `A check failed, so nothing was started: ${facts.findings[0]?.what ?? ''}`
        : `${facts.findings.length} checks failed, so nothing was started:\n${facts.findings.map((found) => `  - ${found.what}`).join('\n')}`,
    fix: facts.findings.map((found) => found.fix).join('\n'),
    exitCode: 2,
  }),
  OPTIONS_CONFLICT: (facts: { run: string }) => ({
    sentence: `Recording and replaying exclude each other: what the replay of ${facts.run} answers is on its cassette already.`,
    fix: 'Leave out one of --record and --replay (library: `record` and `replay` of ExperimentOptions).',
    exitCode: 2,
  }),
  OPTION_REQUIRES: (facts: { option: string }) => ({
    sentence: `${facts.option} says how a recorded run is replayed, but none is named.`,
    fix: `Add --replay <run> (library: \`replay\` of ExperimentOptions), or leave out ${facts.option}.`,
    exitCode: 2,
  }),
  CASSETTE_OF_ANOTHER_FRAMEWORK: (facts: { runId: string; framework: string; wanted: string }) => ({
    sentence: `The run ${facts.runId} was recorded with the framework ${facts.framework}, so ${facts.wanted} cannot be answered from its cassette.`,
    fix: `Run ${facts.framework}, or name a recorded run of ${facts.wanted}.`,
    exitCode: 2,
  }),
});
