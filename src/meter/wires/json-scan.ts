/** JSON as bytes: splits an array into elements as they arrive, and removes fields of objects without changing any other byte. */
import { parseObject } from './json.ts';

/** A path from the outermost object: at each level the names of the fields to follow, or null for every element of an array. */
export type FieldPath = readonly (ReadonlySet<string> | null)[];

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPENING_ARRAY = 0x5b;
const CLOSING_ARRAY = 0x5d;
const OPENING_OBJECT = 0x7b;
const CLOSING_OBJECT = 0x7d;
const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** Larger elements are not buffered. */
const MAX_ELEMENT_BYTES = 32 * 1024 * 1024;

/** Yields the objects of one JSON array, each as soon as it is complete. A single object counts as an array of one. */
export class ElementSplitter {
  #buffered: Buffer[] = [];
  #bytes = 0;
  #depth = 0;
  /** Depth of the elements: 1 in an array, 0 when the text is an object; null before the first byte. */
  #level: number | null = null;
  #inString = false;
  #escaped = false;

  /** Returns the objects that end in this chunk. */
  push(chunk: Buffer): Buffer[] {
    const elements: Buffer[] = [];
    let from = this.#level !== null && this.#depth > this.#level ? 0 : -1;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) {
        this.#inString = true;
      } else if (byte === OPENING_ARRAY || byte === OPENING_OBJECT) {
        this.#level ??= byte === OPENING_ARRAY ? 1 : 0;
        if (this.#depth === this.#level) from = at;
        this.#depth += 1;
      } else if ((byte === CLOSING_ARRAY || byte === CLOSING_OBJECT) && this.#depth > 0) {
        this.#depth -= 1;
        if (this.#depth === this.#level && from >= 0) {
          this.#buffer(chunk.subarray(from, at + 1));
          elements.push(...this.#take());
          from = -1;
        }
      }
    }
    if (from >= 0) this.#buffer(chunk.subarray(from));
    return elements;
  }

  #buffer(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > MAX_ELEMENT_BYTES) this.#buffered = [];
    else this.#buffered.push(part);
  }

  #take(): Buffer[] {
    const whole = this.#bytes <= MAX_ELEMENT_BYTES ? [Buffer.concat(this.#buffered)] : [];
    this.#buffered = [];
    this.#bytes = 0;
    return whole;
  }
}

interface Field {
  readonly removed: boolean;
  readonly start: number;
  end: number;
}

/**
 * Removes the fields of these names from the objects at the end of `path`. Returns the same buffer if there are none, or if the
 * text is not one JSON object.
 */
export function withoutFields(json: Buffer, path: FieldPath, names: readonly string[]): Buffer {
  // Field names rarely contain escapes, but they may.
  if (!names.some((name) => json.includes(name)) && !json.includes('\\u')) return json;
  if (parseObject(json.toString('utf8')) === null) return json;
  const removals = findRemovals(json, path, new Set(names));
  if (removals.length === 0) return json;
  const kept: Buffer[] = [];
  let from = 0;
  for (const { start, end } of removals) {
    kept.push(json.subarray(from, start));
    from = end;
  }
  kept.push(json.subarray(from));
  return Buffer.concat(kept);
}

/** The byte ranges to remove, in order. The text is known to be JSON. */
function findRemovals(json: Buffer, path: FieldPath, names: ReadonlySet<string>): { start: number; end: number }[] {
  const removals: { start: number; end: number }[] = [];
  /** The open containers, outermost first: true for an object. */
  const objects: boolean[] = [];
  /** How many of them, counted from the outermost, lie on the path. */
  let onPath = 0;
  /** The last field name in each of those. */
  const keys: string[] = [];
  let fields: Field[] = [];
  let expectsName = false;
  /** Where the last value ended. */
  let ended = 0;

  const isTarget = (): boolean => onPath === objects.length && onPath === path.length + 1;
  const isOnPath = (): boolean => {
    const depth = objects.length;
    if (onPath !== depth || depth > path.length) return false;
    if (depth === 0) return true;
    const step = path[depth - 1];
    return objects[depth - 1] === true ? step?.has(keys[depth - 1] ?? '') === true : step === null;
  };

  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) {
      const end = endOfString(json, at);
      if (expectsName && onPath === objects.length) {
        const name = unquoted(json.subarray(at, end));
        keys[onPath - 1] = name;
        if (isTarget()) fields.push({ removed: names.has(name), start: at, end });
      }
      expectsName = false;
      ended = end;
      at = end - 1;
    } else if (byte === OPENING_OBJECT || byte === OPENING_ARRAY) {
      const isObject = byte === OPENING_OBJECT;
      const follows = isOnPath();
      objects.push(isObject);
      if (follows) onPath += 1;
      if (isTarget()) fields = [];
      expectsName = isObject;
    } else if (byte === CLOSING_OBJECT || byte === CLOSING_ARRAY) {
      if (isTarget()) {
        endLast(fields, ended);
        removals.push(...removalsOf(fields));
      }
      if (onPath === objects.length) onPath -= 1;
      objects.pop();
      expectsName = false;
      ended = at + 1;
    } else if (byte === COMMA) {
      if (isTarget()) endLast(fields, ended);
      expectsName = objects.at(-1) === true;
    } else if (byte !== COLON && !SPACES.has(byte)) {
      ended = at + 1;
    }
  }
  return removals;
}

function endLast(fields: readonly Field[], end: number): void {
  const last = fields.at(-1);
  if (last !== undefined) last.end = end;
}

/** A field is removed with the comma after it; trailing fields with the comma before them. */
function removalsOf(fields: readonly Field[]): { start: number; end: number }[] {
  const lastKept = fields.findLastIndex(({ removed: leaves }) => !leaves);
  const inner = fields.slice(0, lastKept + 1).flatMap(({ removed: leaves, start }, index) => {
    return leaves ? [{ start, end: fields[index + 1]?.start ?? start }] : [];
  });
  const tail = fields.slice(lastKept + 1);
  const [first] = tail;
  if (first === undefined) return inner;
  return [...inner, { start: fields[lastKept]?.end ?? first.start, end: tail.at(-1)?.end ?? first.end }];
}

/** @param from offset of the opening quote */
function endOfString(json: Buffer, from: number): number {
  for (let at = json.indexOf(QUOTE, from + 1); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (json[at - 1 - escapes] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return at + 1;
  }
  return json.length;
}

function unquoted(string: Buffer): string {
  const text = string.toString('utf8');
  return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
}
