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
  CANNOT_WRITE: (facts: { path: string; reason: string }) => ({
    sentence: `${facts.path} cannot be written: ${facts.reason}.`,
    fix: 'Name another place, or make room for it there.',
    exitCode: 2,
  }),
} satisfies ErrorEntries;
