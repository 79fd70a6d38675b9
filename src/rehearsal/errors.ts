import { defineErrors } from '../errors/index.ts';

export const rehearsalError = defineErrors({
  REHEARSAL_RULES_MISSING: (facts: { rulesDir: string }) => ({
    sentence: `The folder ${facts.rulesDir} has no rehearsal rules: no file in it ends in .yaml, .yml or .json.`,
    fix: 'Put a rules file there, or run with a model and an endpoint instead of the rehearsal.',
    exitCode: 2,
  }),
  REHEARSAL_RULES_INVALID: (facts: { file: string; where: string; problem: string }) => ({
    sentence: `The rehearsal rules in ${facts.file} are not valid${facts.where === '' ? '' : ` at ${facts.where}`}: ${facts.problem}.`,
    fix: 'Correct the file; docs/metering.md has a section on rehearsal rules.',
    exitCode: 2,
  }),
});
