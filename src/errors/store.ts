import type { ErrorEntries } from './entry.ts';

export const storeErrors = {
  UNSAFE_NAME: (facts: { kind: string; value: string; reason: string }) => ({
    sentence: `The ${facts.kind} ${JSON.stringify(facts.value.slice(0, 80))} cannot be used as a name: ${facts.reason}.`,
    fix: `Choose a ${facts.kind} of at most 64 letters, digits, dots, underscores or hyphens that starts with a letter or digit.`,
    exitCode: 2,
  }),
} satisfies ErrorEntries;
