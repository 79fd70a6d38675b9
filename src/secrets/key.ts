/** Text that is, or could be, somebody's key: such text is refused in a file, since files end in git. */
import { SecretPatterns } from './patterns.ts';

/** Whether one of the known shapes stands in `text`: exactly what a redactor without any values masks. */
export function hasKeyShape(text: string): boolean {
  return SecretPatterns.of([]).find(text, 0).length !== 0;
}

/** A literal long and solid enough to be a real key although it has no known shape. */
export function couldBeKey(text: string): boolean {
  return hasKeyShape(text) || /^[\x21-\x7e]{20,}$/.test(text);
}

/** The beginning of a secret and its length, for messages: `"sk-…" (34 characters)`. */
export function abbreviatedKey(text: string): string {
  return `${JSON.stringify(`${text.slice(0, 3)}…`)} (${text.length} characters)`;
}
