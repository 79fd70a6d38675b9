import { defineErrors } from '../../errors/index.ts';

export const ghspecError = defineErrors({
  SPECKIT_NOT_INITIALISED: (facts: { how: string }) => ({
    sentence: `Spec Kit could not create its project in the workspace (${facts.how}).`,
    fix: 'See the output of Spec Kit in logs/run.log of the run.',
    exitCode: 1,
  }),
});
