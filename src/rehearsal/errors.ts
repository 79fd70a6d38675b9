import { defineErrors, docsPage } from '../errors/index.ts';

export const rehearsalError = defineErrors({
  REHEARSAL_RULES_MISSING: (facts: { rulesDir: string }) => ({
    sentence: `The folder ${facts.rulesDir} has no rehearsal rules: no .yaml, .yml or .json file.`,
    fix: 'Add a rules file, or run with a model and an endpoint instead of a rehearsal.',
    exitCode: 2,
  }),
  REHEARSAL_RULES_INVALID: (facts: { file: string; where: string; problem: string }) => ({
    sentence: `The rehearsal rules in ${facts.file} are not valid${facts.where === '' ? '' : ` at ${facts.where}`}: ${facts.problem}.`,
    fix: `Correct the file; ${docsPage('metering.md')} describes rehearsal rules.`,
    exitCode: 2,
  }),
});
