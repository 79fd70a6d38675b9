import type { ErrorEntries } from './entry.ts';

export const catalogErrors = {
  NOT_A_RUN: (facts: { path: string; reason: string }) => ({
    sentence: `${facts.path} is not a run: ${facts.reason}.`,
    fix: 'Name a run directory, a run.tar.gz, or a run of `stepwell list`.',
    exitCode: 2,
  }),
  RUN_FILE_MISSING: (facts: { path: string; location: string }) => ({
    sentence: `The run ${facts.location} has no file ${facts.path}.`,
    fix: 'See what it has with `stepwell show <run>`.',
    exitCode: 1,
  }),
} satisfies ErrorEntries;
