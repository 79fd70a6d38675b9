/** JSON as bytes: the elements of a list as they come, and members taken out of objects while every other byte stays. */
import { parseObject } from './json.ts';

/** From the outermost object on: the names of the members that lead further, or null where each element of a list does. */
export type MemberPath = readonly (ReadonlySet<string> | null)[];

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPENING_LIST = 0x5b;
const CLOSING_LIST = 0x5d;
const OPENING_OBJECT = 0x7b;
const CLOSING_OBJECT = 0x7d;
const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** An element larger than this is not held. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Finds the objects of one JSON list, each as soon as it is whole; a single object is taken for a list of one. */
export class ElementSplitter {
  #held: Buffer[] = [];
  #bytes = 0;
  #depth = 0;
  /** Depth of the elements: 1 in a list, 0 when the text begins with an object; null before it begins. */
  #level: number | null = null;
  #inString = false;
  #escaped = false;

  /** Returns the objects that this chunk completes. */
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
      } else if (byte === OPENING_LIST || byte === OPENING_OBJECT) {
        this.#level ??= byte === OPENING_LIST ? 1 : 0;
        if (this.#depth === this.#level) from = at;
        this.#depth += 1;
      } else if ((byte === CLOSING_LIST || byte === CLOSING_OBJECT) && this.#depth > 0) {
        this.#depth -= 1;
        if (this.#depth === this.#level && from >= 0) {
          this.#hold(chunk.subarray(from, at + 1));
          elements.push(...this.#take());
          from = -1;
        }
      }
    }
    if (from >= 0) this.#hold(chunk.subarray(from));
    return elements;
  }

  #hold(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > MOST_BYTES) this.#held = [];
    else this.#held.push(part);
  }

  #take(): Buffer[] {
    const whole = this.#bytes <= MOST_BYTES ? [Buffer.concat(this.#held)] : [];
    this.#held = [];
    this.#bytes = 0;
    return whole;
  }
}

interface Member {
  readonly leaves: boolean;
  readonly start: number;
  end: number;
}

/**
 * The text without the members of these names in the objects at the end of `path`; the same buffer when there is none, and of what is
 * not one JSON object.
 */
export function withoutMembers(json: Buffer, path: MemberPath, names: readonly string[]): Buffer {
  // Members hardly ever have escapes in their names, but they may.
  if (!names.some((name) => json.includes(name)) && !json.includes('\\u')) return json;
  if (parseObject(json.toString('utf8')) === null) return json;
  const cuts = findMembers(json, path, new Set(names));
  if (cuts.length === 0) return json;
  const kept: Buffer[] = [];
  let from = 0;
  for (const { start, end } of cuts) {
    kept.push(json.subarray(from, start));
    from = end;
  }
  kept.push(json.subarray(from));
  return Buffer.concat(kept);
}

/** What to cut out, in order. The text is known to be JSON. */
function findMembers(json: Buffer, path: MemberPath, names: ReadonlySet<string>): { start: number; end: number }[] {
  const cuts: { start: number; end: number }[] = [];
  /** Of the open containers, outermost first: true for an object. */
  const objects: boolean[] = [];
  /** How many of them, from the outermost on, lie on the path. */
  let onPath = 0;
  /** The last name seen in each of those. */
  const keys: string[] = [];
  let members: Member[] = [];
  let expectsName = false;
  /** Where the last value ended. */
  let ended = 0;

  const isHolder = (): boolean => onPath === objects.length && onPath === path.length + 1;
  const leads = (): boolean => {
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
        const name = textOf(json.subarray(at, end));
        keys[onPath - 1] = name;
        if (isHolder()) members.push({ leaves: names.has(name), start: at, end });
      }
      expectsName = false;
      ended = end;
      at = end - 1;
    } else if (byte === OPENING_OBJECT || byte === OPENING_LIST) {
      const isObject = byte === OPENING_OBJECT;
      const further = leads();
      objects.push(isObject);
      if (further) onPath += 1;
      if (isHolder()) members = [];
      expectsName = isObject;
    } else if (byte === CLOSING_OBJECT || byte === CLOSING_LIST) {
      if (isHolder()) {
        endLast(members, ended);
        cuts.push(...cutsOf(members));
      }
      if (onPath === objects.length) onPath -= 1;
      objects.pop();
      expectsName = false;
      ended = at + 1;
    } else if (byte === COMMA) {
      if (isHolder()) endLast(members, ended);
      expectsName = objects.at(-1) === true;
    } else if (byte !== COLON && !SPACES.has(byte)) {
      ended = at + 1;
    }
  }
  return cuts;
}

function endLast(members: readonly Member[], end: number): void {
  const last = members.at(-1);
  if (last !== undefined) last.end = end;
}

/** A member goes with the comma behind it; those at the end with the comma before them. */
function cutsOf(members: readonly Member[]): { start: number; end: number }[] {
  const lastKept = members.findLastIndex(({ leaves }) => !leaves);
  const inner = members.slice(0, lastKept + 1).flatMap(({ leaves, start }, index) => {
    return leaves ? [{ start, end: members[index + 1]?.start ?? start }] : [];
  });
  const tail = members.slice(lastKept + 1);
  const [first] = tail;
  if (first === undefined) return inner;
  return [...inner, { start: members[lastKept]?.end ?? first.start, end: tail.at(-1)?.end ?? first.end }];
}

/** @param from where its first quotation mark stands */
function endOfString(json: Buffer, from: number): number {
  for (let at = json.indexOf(QUOTE, from + 1); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (json[at - 1 - escapes] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return at + 1;
  }
  return json.length;
}

function textOf(string: Buffer): string {
  const text = string.toString('utf8');
  return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
}
