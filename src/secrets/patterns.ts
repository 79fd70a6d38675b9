/** The patterns of one set of secret values. Immutable, so runs with the same secrets share it. */
import { MIN_SECRET_LENGTH, secretForms } from './forms.ts';
import { MAX_SHAPE_CHARACTERS, SHAPES, type Shape } from './shapes.ts';
import { rarestPair, TRIGRAM_MASK, type TrigramBits } from './trigrams.ts';

/** Characters before a shape that its lookbehind reads, and characters of the shape that may come before a trigram. */
const BEFORE = 48;
/** The last characters of a match, this many at most, may also be the beginning of the next match. */
const OVERLAP = 32;
/** The number of value sets whose patterns are cached. */
const MAX_CACHED = 8;

export interface Match {
  readonly start: number;
  readonly end: number;
  /** Null for a known value. */
  readonly shape: Shape | null;
}

/** Text that one or more overlapping secrets take up. */
export interface Region {
  readonly start: number;
  end: number;
  readonly matches: Match[];
}

/** What a marked trigram may be a part of. */
interface Anchor {
  /** The offset of the trigram in the secret. */
  readonly offset: number;
  readonly secret: string | Shape;
}

/**
 * Where in a text one of many secrets may be. Of each secret two adjacent trigrams, its rarest, are marked in a table, so
 * it is enough to check every second position of the text.
 */
class Anchors {
  readonly trigrams: TrigramBits = new Int32Array((TRIGRAM_MASK + 1) >> 5);
  readonly #byHash = new Map<number, Anchor[]>();

  addText(text: string): void {
    for (const at of rarestPair(text)) this.#add(text.slice(at, at + 3), at, text);
  }

  addShape(shape: Shape): void {
    for (const [trigram, offset] of shape.anchors) this.#add(trigram, offset, shape);
  }

  at(hash: number): readonly Anchor[] {
    return this.#byHash.get(hash) ?? [];
  }

  #add(trigram: string, offset: number, secret: string | Shape): void {
    const hash = ((trigram.charCodeAt(0) << 10) ^ (trigram.charCodeAt(1) << 5) ^ trigram.charCodeAt(2)) & TRIGRAM_MASK;
    this.trigrams[hash >> 5] = (this.trigrams[hash >> 5] as number) | (1 << (hash & 31));
    const there = this.#byHash.get(hash);
    if (there === undefined) this.#byHash.set(hash, [{ offset, secret }]);
    else if (!there.some((known) => known.secret === secret && known.offset === offset)) there.push({ offset, secret });
  }
}

export class SecretPatterns {
  /** Without one of these trigrams a text holds no secret. The serializer looks for them in the bytes it has written. */
  readonly trigrams: TrigramBits;
  /** True when some secret could be written as a number. */
  readonly numeric: boolean;
  readonly #inText = new Anchors();
  readonly #inBytes = new Anchors();
  /** Unfinished shapes that are one word, and those that hold spaces. */
  readonly #beginnings: readonly [words: RegExp, spaced: RegExp];
  readonly #longest: number;
  /** Literals by their first character. */
  readonly #byFirst = new Map<string, string[]>();

  constructor(values: readonly string[]) {
    this.numeric = values.some((value) => /^-?[\d.]+(?:e[+-]?\d+)?$/i.test(value));
    const literals = [...new Set(values.flatMap(secretForms))];
    this.#longest = Math.max(0, ...literals.map((literal) => literal.length));
    for (const literal of literals) {
      const first = literal.charAt(0);
      this.#byFirst.set(first, [...(this.#byFirst.get(first) ?? []), literal]);
      this.#inText.addText(literal);
    }
    for (const literal of new Set(literals.map((text) => Buffer.from(text, 'utf8').toString('latin1')))) {
      this.#inBytes.addText(literal);
    }
    for (const shape of SHAPES) {
      this.#inText.addShape(shape);
      this.#inBytes.addShape(shape);
    }
    this.trigrams = this.#inText.trigrams;
    this.#beginnings = [
      beginningOf(SHAPES.filter((shape) => !shape.spaced)),
      beginningOf(SHAPES.filter((shape) => shape.spaced)),
    ];
  }

  /** The patterns of a set of values; values under 8 characters are ignored. */
  static of(values: Iterable<string>): SecretPatterns {
    const known = [...new Set(values)].filter((value) => value.length >= MIN_SECRET_LENGTH).toSorted();
    const key = JSON.stringify(known);
    let patterns = cache.get(key);
    if (patterns === undefined) {
      if (cache.size >= MAX_CACHED) cache.clear();
      patterns = new SecretPatterns(known);
      cache.set(key, patterns);
    }
    return patterns;
  }

  /** The secrets in `text` that begin at `from` or later, in order; those that overlap are one region. */
  find(text: string, from: number): Region[] {
    const { trigrams } = this;
    const last = text.length - 3;
    let matches: Match[] | null = null;
    /** Where the last match of each shape ended. */
    let ends: Map<Shape, number> | null = null;
    for (let at = 0; at <= last; at += 2) {
      const hash = ((text.charCodeAt(at) << 10) ^ (text.charCodeAt(at + 1) << 5) ^ text.charCodeAt(at + 2)) & TRIGRAM_MASK;
      if ((((trigrams[hash >> 5] as number) >> (hash & 31)) & 1) === 0) continue;
      for (const { offset, secret } of this.#inText.at(hash)) {
        const start = at - offset;
        // Well inside a match of the same shape another one would end at the same place, and looking again would cost the square.
        if (typeof secret !== 'string' && start + OVERLAP < (ends?.get(secret) ?? 0)) continue;
        const match = matchAt(text, start, secret);
        if (match === null) continue;
        if (match.shape !== null) (ends ??= new Map()).set(match.shape, match.end);
        if (match.start >= from) (matches ??= []).push(match);
      }
    }
    return matches === null ? [] : regionsOf(matches);
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
    const { length } = text;
    // No shape continues in the next line except a private key, which shows before its first line ends.
    if (text.charCodeAt(length - 1) === 10) return length;
    const [words, spaced] = this.#beginnings;
    const first = Math.max(from, length - MAX_SHAPE_CHARACTERS);
    let word = length;
    while (word > first && text.charCodeAt(word - 1) > 32) word--;
    words.lastIndex = word;
    spaced.lastIndex = first;
    return Math.min(words.exec(text)?.index ?? length, spaced.exec(text)?.index ?? length);
  }

  /** Whether UTF-8 bytes hold a secret. */
  inBytes(bytes: Uint8Array): boolean {
    const { trigrams } = this.#inBytes;
    const last = bytes.length - 3;
    let first = bytes[0] as number;
    for (let at = 0; at <= last; at += 2) {
      const third = bytes[at + 2] as number;
      const hash = ((first << 10) ^ ((bytes[at + 1] as number) << 5) ^ third) & TRIGRAM_MASK;
      if ((((trigrams[hash >> 5] as number) >> (hash & 31)) & 1) !== 0 && this.#secretAt(bytes, at, hash)) return true;
      first = third;
    }
    return false;
  }

  #secretAt(bytes: Uint8Array, at: number, hash: number): boolean {
    for (const { offset, secret } of this.#inBytes.at(hash)) {
      if (typeof secret === 'string') {
        if (matchesBytes(bytes, at - offset, secret)) return true;
        continue;
      }
      if (!secret.starts.some((text) => matchesBytes(bytes, at - offset, text))) continue;
      const start = Math.max(0, at - offset - BEFORE);
      const around = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(
        'latin1',
        start,
        at + MAX_SHAPE_CHARACTERS,
      );
      if (matchAt(around, at - offset - start, secret) !== null) return true;
    }
    return false;
  }
}

/** Whether `text` contains one of the known shapes: exactly what a redactor without any values masks. */
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

const cache = new Map<string, SecretPatterns>();

function beginningOf(shapes: readonly Shape[]): RegExp {
  return new RegExp(`(?:${shapes.map(({ beginning }) => beginning).join('|')})$`, 'g');
}

function matchesBytes(bytes: Uint8Array, start: number, latin1: string): boolean {
  if (start < 0 || start + latin1.length > bytes.length) return false;
  for (let at = 0; at < latin1.length; at++) if (bytes[start + at] !== latin1.charCodeAt(at)) return false;
  return true;
}

function matchAt(text: string, start: number, secret: string | Shape): Match | null {
  if (start < 0) return null;
  if (typeof secret === 'string') {
    return text.startsWith(secret, start) ? { start, end: start + secret.length, shape: null } : null;
  }
  if (!secret.starts.some((beginning) => text.startsWith(beginning, start))) return null;
  secret.pattern.lastIndex = start;
  const found = secret.pattern.exec(text);
  if (found === null) return null;
  return { start: start + (found[1]?.length ?? 0), end: start + found[0].length, shape: secret };
}

function regionsOf(matches: readonly Match[]): Region[] {
  const regions: Region[] = [];
  for (const match of matches.toSorted((a, b) => a.start - b.start)) {
    const region = regions.at(-1);
    if (region === undefined || match.start >= region.end) regions.push({ start: match.start, end: match.end, matches: [match] });
    else {
      region.end = Math.max(region.end, match.end);
      region.matches.push(match);
    }
  }
  return regions;
}
