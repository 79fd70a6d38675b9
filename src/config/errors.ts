/** Problems of the configuration, with their location. */
import { defineErrors, docsPage } from '../errors/index.ts';

/** One problem at one location. All problems of a file are reported together. */
export interface ConfigProblem {
  /** `config/experiment.yaml:12:5`, or the flag or environment variable. */
  readonly where: string;
  /** One sentence that begins with the key path and names the value. */
  readonly sentence: string;
  readonly fix: string;
}

export type KeyPath = readonly (string | number)[];

/** `steps[0].prompt_file`. */
export function showPath(path: KeyPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (!/^[\w-]+$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

export const configError = defineErrors({
  CONFIG_NOT_FOUND: (facts: { file: string; cwd: string }) => ({
    sentence: `Configuration file not found: ${facts.file} (current directory: ${facts.cwd}).`,
    fix: 'Pass one with --config FILE, change to the directory of the experiment, or create one with `stepwell init`.',
    exitCode: 2,
  }),
  CONFIG_UNREADABLE: (facts: { file: string; reason: string }) => ({
    sentence: `The configuration file ${facts.file} cannot be read: ${facts.reason}.`,
    fix: 'Pass a readable YAML file with --config FILE.',
    exitCode: 2,
  }),
  CONFIG_INVALID: (facts: { problems: readonly ConfigProblem[] }) => {
    const [first] = facts.problems;
    if (first !== undefined && facts.problems.length === 1) {
      return { sentence: `${first.where}: ${first.sentence}`, fix: first.fix, exitCode: 2 };
    }
    const list = facts.problems.map((problem) => `\n  ${problem.where}: ${problem.sentence}\n    ${problem.fix}`);
    return {
      sentence: `The configuration has ${facts.problems.length} problems:${list.join('')}`,
      fix: `Correct the lines listed above; ${docsPage('configuration.md')} describes every key.`,
      exitCode: 2,
    };
  },
});
