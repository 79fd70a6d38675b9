/**
 * JSON that keeps every number as it was written, including those that JavaScript cannot represent; and a canonical form, equal
 * for equivalent texts.
 */

/** A number, kept as its source text. */
export class RawNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  /** The number's value, as plain JSON.parse would give it. */
  toString(): string {
    return String(Number(this.source));
  }
}

/** How a value is serialized. */
interface JsonFormat {
  /** Sort keys instead of keeping their order. */
  readonly sorted?: boolean;
  readonly number?: (source: string) => string;
}

/** Like `JSON.parse`, but `stringifyLossless` reproduces its numbers exactly. */
export function parseLossless(text: string): unknown {
  return JSON.parse(text, reviveNumbers);
}

/** The third argument is standard (JSON.parse source text access), but not in TypeScript's types yet. */
function reviveNumbers(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? new RawNumber(context?.source ?? String(value)) : value;
}

/** Serializes without whitespace. */
export function stringifyLossless(value: unknown, style: JsonFormat = {}): string {
  if (value instanceof RawNumber) return style.number?.(value.source) ?? value.source;
  if (Array.isArray(value)) return `[${value.map((each) => stringifyLossless(each, style)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  if (style.sorted === true) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${stringifyLossless(each, style)}`).join(',')}}`;
}

/** Longer numbers may lose digits as JavaScript numbers. */
const MAX_EXACT_CHARS = 15;

/**
 * JSON without whitespace and with sorted keys. Numbers are compared by value, those of more than 15 characters by their text. A
 * text that is not JSON is its own canonical form.
 */
export function canonicalText(text: string): string {
  try {
    return stringifyLossless(parseLossless(text), { sorted: true, number: canonicalNumber });
  } catch {
    return text;
  }
}

function canonicalNumber(source: string): string {
  const value = Number(source);
  return source.length > MAX_EXACT_CHARS || !Number.isFinite(value) ? source : JSON.stringify(value);
}
