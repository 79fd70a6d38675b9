import { defineErrors } from '../../errors/index.ts';

export const ghspecError = defineErrors({
  SPECKIT_NOT_INITIALISED: (facts: { how: string }) => ({
    sentence: `Spec Kit could not make its project in the workspace (${facts.how}).`,
    fix: 'Read in logs/run.log of the run what it said.',
    exitCode: 1,
  }),
});
