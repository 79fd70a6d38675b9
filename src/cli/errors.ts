import { defineErrors } from '../errors/index.ts';

export const cliError = defineErrors({
  COMMAND_LINE_INVALID: (facts: { problem: string; command: string | null }) => ({
    sentence: facts.problem,
    fix: `Type \`${['stepwell', facts.command ?? [], '--help'].flat().join(' ')}\` to see the arguments and options.`,
    exitCode: 2,
  }),
  INVALID_OPTION: (facts: { option: string; value: string; reason: string; fix: string }) => ({
    sentence: `${facts.option} is ${JSON.stringify(facts.value)}, ${facts.reason}.`,
    fix: facts.fix,
    exitCode: 2,
  }),
  UNKNOWN_NAME: (facts: { kind: string; value: string; known: readonly string[] }) => ({
    sentence: `There is no ${facts.kind} ${JSON.stringify(facts.value)}.`,
    fix: `Use one of: ${facts.known.join(', ')}.`,
    exitCode: 2,
  }),
  MISSING_ARGUMENT: (_facts: object) => ({
    sentence: 'No run is given, and --all is not set.',
    fix: 'Give one run, or type `stepwell recover --all`.',
    exitCode: 2,
  }),
  STDOUT_WRITE_FAILED: (facts: { reason: string }) => ({
    sentence: `The output could not be written: ${facts.reason}.`,
    fix: 'Free space where stdout is written to, or redirect it elsewhere.',
    exitCode: 1,
  }),
  CANNOT_WRITE: (facts: { path: string; reason: string }) => ({
    sentence: `${facts.path} cannot be written: ${facts.reason}.`,
    fix: 'Choose another path, or free disk space there.',
    exitCode: 2,
  }),
  SETUP_UNKNOWN: (facts: { framework: string; known: readonly string[] }) => ({
    sentence: `There is nothing to set up for ${JSON.stringify(facts.framework)}: its adapter needs no setup, or no framework has that name.`,
    fix: `Use one of: ${facts.known.join(', ')}, or all.`,
    exitCode: 2,
  }),
  NOTHING_TO_SET_UP: (facts: { known: readonly string[] }) => ({
    sentence: 'No framework of the configuration needs setup.',
    fix: `Name a framework that stepwell can set up: ${facts.known.join(', ')}.`,
    exitCode: 2,
  }),
});
