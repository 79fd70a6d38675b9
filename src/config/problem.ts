/** Something wrong in what the user wrote, in one place. All problems of a file are reported together. */
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
