/** The values behind {prompt}, {prompt_file}, {workspace} and {step}. */
export interface Placeholders {
  readonly prompt: string;
  readonly prompt_file: string;
  readonly workspace: string;
  readonly step: string;
}

const PLACEHOLDER = /\{(prompt|prompt_file|workspace|step)\}/g;

/** Replaces the placeholders of each argument once: what they bring in is never looked at again. Other {…} stay as they are. */
export function fillPlaceholders(args: readonly string[], values: Placeholders): string[] {
  return args.map((arg) => arg.replace(PLACEHOLDER, (_match, name: keyof Placeholders) => values[name]));
}

/** Whether the prompt gets to the program by an argument; otherwise it is written to its stdin. */
export function namesPrompt(args: readonly string[]): boolean {
  return args.some((arg) => /\{prompt(_file)?\}/.test(arg));
}
