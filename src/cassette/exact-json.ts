/**
 * JSON whose numbers are kept as they were written, also those beyond what JavaScript holds, and the form in which two texts that
 * say the same are the same.
 */

/** A number by its text. */
export class WrittenNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  /** Its value, as it is without this class. */
  toString(): string {
    return String(Number(this.source));
  }
}

/** How a value is written. */
interface Style {
  /** Keys in order instead of as they came. */
  readonly sorted?: boolean;
  readonly number?: (source: string) => string;
}

/** As `JSON.parse`, but `writeJson` gives its numbers back to the letter. */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, reviveNumbers);
}

/** The third argument is the standard's (JSON.parse source text access), but not yet TypeScript's. */
function reviveNumbers(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? new WrittenNumber(context?.source ?? String(value)) : value;
}

/** Without white space. */
export function writeJson(value: unknown, style: Style = {}): string {
  if (value instanceof WrittenNumber) return style.number?.(value.source) ?? value.source;
  if (Array.isArray(value)) return `[${value.map((each) => writeJson(each, style)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  if (style.sorted === true) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${writeJson(each, style)}`).join(',')}}`;
}

/** More digits than this may not survive as a number of JavaScript. */
const EXACT_LENGTH = 15;

/**
 * JSON without white space, the keys of its objects in order; numbers by their value, those of more than 15 characters by their
 * text. What is no JSON is its own canonical form.
 */
export function canonicalText(text: string): string {
  try {
    return writeJson(parseExactly(text), { sorted: true, number: canonicalNumber });
  } catch {
    return text;
  }
}

function canonicalNumber(source: string): string {
  const value = Number(source);
  return source.length > EXACT_LENGTH || !Number.isFinite(value) ? source : JSON.stringify(value);
}
