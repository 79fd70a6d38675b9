import type { ErrorEntries } from './entry.ts';

export const cliErrors = {
  BAD_OPTION: (facts: { option: string; value: string; reason: string; fix: string }) => ({
    sentence: `${facts.option} is ${JSON.stringify(facts.value)}, ${facts.reason}.`,
    fix: facts.fix,
    exitCode: 2,
  }),
  UNKNOWN_NAME: (facts: { kind: string; value: string; known: readonly string[] }) => ({
    sentence: `There is no ${facts.kind} ${JSON.stringify(facts.value)}.`,
    fix: `Name one of: ${facts.known.join(', ')}.`,
    exitCode: 2,
  }),
  RECOVER_WHAT: (facts: { both: boolean }) => ({
    sentence: facts.both ? 'A run is named, and --all is given as well.' : 'No run is named, and --all is not given either.',
    fix: 'Name one run, or type `stepwell recover --all`.',
    exitCode: 2,
  }),
  OUTPUT_LOST: (facts: { reason: string }) => ({
    sentence: `The output could not be written: ${facts.reason}.`,
    fix: 'Make room where the standard output goes, or send it elsewhere.',
    exitCode: 1,
  }),
  CANNOT_WRITE: (facts: { path: string; reason: string }) => ({
    sentence: `${facts.path} cannot be written: ${facts.reason}.`,
    fix: 'Name another place, or make room for it there.',
    exitCode: 2,
  }),
} satisfies ErrorEntries;
