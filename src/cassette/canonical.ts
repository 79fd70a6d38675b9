/** The form of a request in which two that say the same are the same. */

/** More digits than this may not survive as a number of JavaScript. */
const EXACT_LENGTH = 15;

/** A number that stands as it was written. */
class WrittenNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/**
 * JSON without white space, the keys of its objects in order; numbers by their value, those of more than 15 characters by their
 * text. What is no JSON is its own canonical form.
 */
export function canonicalText(text: string): string {
  try {
    return write(JSON.parse(text, reviveNumbers));
  } catch {
    return text;
  }
}

/** The third argument is the standard's (JSON.parse source text access), but not yet TypeScript's. */
function reviveNumbers(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined) return value;
  return source.length > EXACT_LENGTH || !Number.isFinite(value) ? new WrittenNumber(source) : value;
}

function write(value: unknown): string {
  if (value instanceof WrittenNumber) return value.source;
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${write(each)}`).join(',')}}`;
}
