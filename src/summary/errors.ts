import { defineErrors } from '../errors/index.ts';

export const summaryError = defineErrors({
  SUMMARY_OF_OTHER_RUN: (facts: { kind: 'run' | 'framework'; expected: string; found: string; runDir: string }) => ({
    sentence: `The logs in ${facts.runDir} belong to the ${facts.kind} ${JSON.stringify(facts.found)}, not ${JSON.stringify(facts.expected)}.`,
    fix: `Pass the directory of ${facts.expected}, or request the summary of ${facts.found}.`,
    exitCode: 2,
  }),
  METADATA_UNREADABLE: (facts: { location: string; reason: string }) => ({
    sentence: `metadata.json of ${facts.location} is not valid JSON: ${facts.reason}.`,
    fix: 'Rebuild it from the logs with `stepwell recover <run>`.',
    exitCode: 1,
  }),
});
