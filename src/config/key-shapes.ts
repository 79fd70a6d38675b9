/** Text that is, by its shape, somebody's key: such text is refused in a file, since files end in git. */
const SHAPES = [
  /\bsk-(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{16,}/,
  /\bgh[pousr]_[A-Za-z0-9]{20,}/,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/,
  /\bAKIA[0-9A-Z]{16}\b/,
  /\bAIza[0-9A-Za-z_-]{30,}/,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/,
  /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
];

export function hasKeyShape(text: string): boolean {
  return SHAPES.some((shape) => shape.test(text));
}

/** A literal long and solid enough to be a real key although it has no known shape. */
export function couldBeKey(text: string): boolean {
  return hasKeyShape(text) || /^[\x21-\x7e]{20,}$/.test(text);
}

/** The beginning of a secret and its length, for messages. */
export function masked(text: string): string {
  return `${JSON.stringify(`${text.slice(0, 3)}…`)} (${text.length} characters)`;
}
