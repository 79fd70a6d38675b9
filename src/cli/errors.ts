import { defineErrors } from '../errors/index.ts';

export const cliError = defineErrors({
  COMMAND_LINE_INVALID: (facts: { problem: string; command: string }) => ({
    sentence: facts.problem,
    fix: `Type \`${facts.command} --help\` to see what it takes.`,
    exitCode: 2,
  }),
  INVALID_OPTION: (facts: { option: string; value: string; reason: string; fix: string }) => ({
    sentence: `${facts.option} is ${JSON.stringify(facts.value)}, ${facts.reason}.`,
    fix: facts.fix,
    exitCode: 2,
  }),
  UNKNOWN_NAME: (facts: { kind: string; value: string; known: readonly string[] }) => ({
    sentence: `There is no ${facts.kind} ${JSON.stringify(facts.value)}.`,
    fix: `Name one of: ${facts.known.join(', ')}.`,
    exitCode: 2,
  }),
  MISSING_ARGUMENT: (facts: { both: boolean }) => ({
    sentence: facts.both ? 'A run is named, and --all is given as well.' : 'No run is named, and --all is not given either.',
    fix: 'Name one run, or type `stepwell recover --all`.',
    exitCode: 2,
  }),
  STDOUT_WRITE_FAILED: (facts: { reason: string }) => ({
    sentence: `The output could not be written: ${facts.reason}.`,
    fix: 'Make room where the standard output goes, or send it elsewhere.',
    exitCode: 1,
  }),
  CANNOT_WRITE: (facts: { path: string; reason: string }) => ({
    sentence: `${facts.path} cannot be written: ${facts.reason}.`,
    fix: 'Name another place, or make room for it there.',
    exitCode: 2,
  }),
  SETUP_UNKNOWN: (facts: { framework: string; known: readonly string[] }) => ({
    sentence: `There is no set-up for ${JSON.stringify(facts.framework)}: its adapter needs none, or there is none of that name.`,
    fix: `Name one of these: ${facts.known.join(', ')}, or all.`,
    exitCode: 2,
  }),
  NOTHING_TO_SET_UP: (facts: { known: readonly string[] }) => ({
    sentence: 'The configuration names no framework that is set up.',
    fix: `Name one of those that stepwell knows: ${facts.known.join(', ')}.`,
    exitCode: 2,
  }),
});
