/** One combined matcher for all secrets, known ones and known shapes. */
import { MIN_SECRET_LENGTH, secretForms } from './forms.ts';
import { SHAPES, type Shape } from './shapes.ts';
import { bytesHaveTrigram, hasTrigram, markTrigram, trigramTable } from './trigrams.ts';

export const REDACTED = '[redacted]';

/** No unfinished shape is longer. */
const LONGEST_BEGINNING = 256;

export interface Found {
  readonly start: number;
  readonly end: number;
  /** Null for a known value. */
  readonly shape: Shape | null;
}

export class SecretMatcher {
  /** Marked triples: without one of them a text holds no secret. The serialiser reads it while it copies a string. */
  readonly trigrams = trigramTable();
  /** True when some secret could be written as a number. */
  readonly numeric: boolean;
  /** Replacements made so far. */
  count = 0;
  readonly #literals: string[];
  readonly #pattern: RegExp;
  readonly #beginning: RegExp;
  readonly #bytePattern: RegExp;
  readonly #longest: number;
  /** Literals by their first character. */
  readonly #byFirst = new Map<string, string[]>();

  constructor(values: Iterable<string>) {
    const known = [...new Set(values)].filter((value) => value.length >= MIN_SECRET_LENGTH);
    this.numeric = known.some((value) => /^-?[\d.]+(?:e[+-]?\d+)?$/i.test(value));
    const literals = [...new Set(known.flatMap(secretForms))];
    // The longest first, so that a secret is not left with a tail because another one is its beginning.
    this.#literals = literals.toSorted((a, b) => b.length - a.length);
    this.#longest = this.#literals[0]?.length ?? 0;
    for (const literal of this.#literals) {
      const first = literal.charAt(0);
      this.#byFirst.set(first, [...(this.#byFirst.get(first) ?? []), literal]);
    }
    const inBytes = this.#literals.map((literal) => Buffer.from(literal, 'utf8').toString('latin1'));
    for (const literal of [...this.#literals, ...inBytes]) markTrigram(this.trigrams, literal);
    for (const { trigrams } of SHAPES) for (const trigram of trigrams) markTrigram(this.trigrams, trigram);
    const shapes = SHAPES.map(({ source }) => `(${source})`);
    this.#pattern = new RegExp([...this.#literals.map(quoted), ...shapes].join('|'), 'g');
    this.#bytePattern = new RegExp([...new Set([...this.#literals, ...inBytes])].map(quoted).concat(shapes).join('|'));
    this.#beginning = new RegExp(`(?:${SHAPES.map(({ beginning }) => beginning).join('|')})$`, 'g');
  }

  /** `text` with every secret replaced. */
  redact(text: string): string {
    if (!hasTrigram(this.trigrams, text)) return text;
    return text.replace(this.#pattern, () => this.replace());
  }

  /** Counts one replacement and returns what stands in the secret's place. */
  replace(): string {
    this.count += 1;
    return REDACTED;
  }

  /** Secrets in `text` from `from` on. */
  find(text: string, from: number): Found[] {
    if (!hasTrigram(this.trigrams, text)) return [];
    const found: Found[] = [];
    this.#pattern.lastIndex = from;
    for (let match = this.#pattern.exec(text); match !== null; match = this.#pattern.exec(text)) {
      const group = match.findIndex((part, index) => index > 0 && part !== undefined);
      found.push({ start: match.index, end: match.index + match[0].length, shape: SHAPES[group - 1] ?? null });
    }
    this.#pattern.lastIndex = 0;
    return found;
  }

  /** Where in `text`, from `from` on, a known value may have begun that more text would complete; its length when nowhere. */
  valueBeginning(text: string, from: number): number {
    for (let at = Math.max(from, text.length - this.#longest + 1); at < text.length; at++) {
      const literals = this.#byFirst.get(text.charAt(at));
      if (literals === undefined) continue;
      const rest = text.slice(at);
      if (literals.some((literal) => literal.length > rest.length && literal.startsWith(rest))) return at;
    }
    return text.length;
  }

  /** The same for the known shapes. */
  shapeBeginning(text: string, from: number): number {
    this.#beginning.lastIndex = Math.max(from, text.length - LONGEST_BEGINNING);
    return this.#beginning.exec(text)?.index ?? text.length;
  }

  containsSecret(bytes: Uint8Array | string): boolean {
    if (typeof bytes === 'string') return hasTrigram(this.trigrams, bytes) && this.find(bytes, 0).length !== 0;
    if (!bytesHaveTrigram(this.trigrams, bytes)) return false;
    return this.#bytePattern.test(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
  }
}

function quoted(literal: string): string {
  return literal.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
