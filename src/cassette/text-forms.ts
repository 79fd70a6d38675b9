/**
 * Changes what a body says and nothing else. Strings are changed as a reader of the format sees them, without escapes; a text
 * that a stream brings in pieces is seen as one. Where nothing changes every byte stays; a value in which something does is
 * written anew, without white space and with its numbers as they were.
 */
import { parseExactly, writeJson, WrittenNumber } from './exact-json.ts';
import { parseJson } from '../schema/index.ts';

export interface Rewrite {
  /** False when there is nothing to change in the text, nor in any part of it. */
  concerns(text: string): boolean;
  /** Gets one text in its pieces and returns as many. */
  apply(pieces: readonly string[]): readonly string[];
}

/** A stretch of the body: JSON, or one text in itself. */
interface Part {
  readonly start: number;
  readonly end: number;
  /** An event each: of JSON that is an array its elements, since a provider may stream one. Null for a text. */
  readonly events: readonly unknown[] | null;
}

/**
 * The place of a string in an event, told by its keys and by every number by which the event tells texts apart. A provider streams
 * a text by sending events that have its next letters at the same place.
 */
class Place {
  readonly pieces: string[] = [];
  /** The number of the event of each piece. */
  readonly events: number[] = [];
  readonly #below = new Map<string | number, Place>();

  at(key: string | number): Place {
    let place = this.#below.get(key);
    if (place === undefined) this.#below.set(key, (place = new Place()));
    return place;
  }
}

/** What a body says. */
class Texts {
  readonly root = new Place();
  /** Those where a string stood. */
  readonly places = new Set<Place>();
  /** Keys, and whatever is no JSON: texts that nothing goes on with. */
  readonly alone = new Set<string>();
}

/** @param streamed the body is server-sent events */
export function rewriteTexts(body: string, streamed: boolean, rewrite: Rewrite): string {
  const parts = streamed ? partsOfEvents(body) : [partOf(body, 0, body.length)];
  const texts = new Texts();
  let number = 0;
  for (const { start, end, events } of parts) {
    if (events === null) texts.alone.add(body.slice(start, end));
    else for (const event of events) collect(event, startOf(event, texts.root), number++, texts);
  }
  const whole = Array.from(texts.places, ({ pieces }) => pieces.join(''));
  // One look at everything is much less work than many small ones, and mostly the last.
  if (!rewrite.concerns([...whole, ...texts.alone].join('\n'))) return body;
  return written(body, parts, texts.root, changesOf(texts, rewrite));
}

/** Each line by itself: a provider puts one JSON value behind each `data:`. */
function partsOfEvents(body: string): Part[] {
  return Array.from(body.matchAll(/[^\r\n]+/g), ({ 0: line, index }) => {
    const head = line.startsWith('data:') ? (line.startsWith('data: ') ? 6 : 5) : 0;
    const [start, end] = [index + head, index + line.length];
    return head === 0 ? { start, end, events: null } : partOf(body, start, end);
  });
}

function partOf(body: string, start: number, end: number): Part {
  const value = parseJson(body.slice(start, end));
  if (value === undefined) return { start, end, events: null };
  return { start, end, events: Array.isArray(value) ? value : [value] };
}

/** Events of different types say different things at the same keys. */
function startOf(event: unknown, root: Place): Place {
  const type = (event as { type?: unknown } | null)?.type;
  return typeof type === 'string' ? root.at(type) : root;
}

function collect(value: unknown, place: Place, event: number, texts: Texts): void {
  if (typeof value === 'string') {
    place.pieces.push(value);
    place.events.push(event);
    texts.places.add(place);
  } else if (Array.isArray(value)) {
    value.forEach((each, index) => collect(each, place.at(index), event, texts));
  } else if (typeof value === 'object' && value !== null) {
    const tree = value as Record<string, unknown>;
    const own = placeOf(tree, place);
    for (const key in tree) {
      texts.alone.add(key);
      collect(tree[key], own.at(key), event, texts);
    }
  }
}

/** `index`, `output_index`, `content_index` … */
function placeOf(tree: Record<string, unknown>, place: Place): Place {
  let own = place;
  for (const key in tree) {
    if (key !== 'index' && !key.endsWith('_index')) continue;
    const index = tree[key];
    if (typeof index === 'number' || index instanceof WrittenNumber) own = own.at(`${key} ${String(index)}`);
  }
  return own;
}

interface Changes {
  /** Of the texts that nothing goes on with. */
  readonly alone: ReadonlyMap<string, string>;
  /** Of pieces, by the number of their event. */
  readonly byEvent: ReadonlyMap<number, ReadonlyMap<Place, string>>;
}

function changesOf(texts: Texts, rewrite: Rewrite): Changes {
  const alone = new Map<string, string>();
  for (const text of texts.alone) {
    const [after = text] = rewrite.concerns(text) ? rewrite.apply([text]) : [];
    if (after !== text) alone.set(text, after);
  }
  const byEvent = new Map<number, Map<Place, string>>();
  for (const place of texts.places) {
    if (!rewrite.concerns(place.pieces.join(''))) continue;
    for (const [index, after] of rewrite.apply(place.pieces).entries()) {
      const event = place.events[index];
      if (event === undefined || after === place.pieces[index]) continue;
      const there = byEvent.get(event);
      if (there === undefined) byEvent.set(event, new Map([[place, after]]));
      else there.set(place, after);
    }
  }
  return { alone, byEvent };
}

function written(body: string, parts: readonly Part[], root: Place, changes: Changes): string {
  let out = '';
  let from = 0;
  let number = 0;
  for (const { start, end, events } of parts) {
    const source = body.slice(start, end);
    let after: string;
    if (events === null) {
      after = changes.alone.get(source) ?? source;
    } else {
      const first = number;
      number += events.length;
      after = isChanged(events, first, changes) ? writtenAnew(source, first, root, changes) : source;
    }
    out += body.slice(from, start) + after;
    from = end;
  }
  return out + body.slice(from);
}

function isChanged(events: readonly unknown[], first: number, { alone, byEvent }: Changes): boolean {
  // Rarely is a key changed, and then it may stand anywhere.
  return alone.size > 0 || events.some((_, index) => byEvent.has(first + index));
}

function writtenAnew(json: string, first: number, root: Place, { alone, byEvent }: Changes): string {
  const replaced = (value: unknown, place: Place, pieces: ReadonlyMap<Place, string> | undefined): unknown => {
    if (typeof value === 'string') return pieces?.get(place) ?? value;
    if (Array.isArray(value)) return value.map((each, index) => replaced(each, place.at(index), pieces));
    if (typeof value !== 'object' || value === null || value instanceof WrittenNumber) return value;
    const own = placeOf(value as Record<string, unknown>, place);
    const entries = Object.entries(value).map(([key, each]) => [alone.get(key) ?? key, replaced(each, own.at(key), pieces)]);
    return Object.fromEntries(entries) as unknown;
  };
  const value = parseExactly(json);
  const eventOf = (event: unknown, index: number): unknown => replaced(event, startOf(event, root), byEvent.get(first + index));
  return writeJson(Array.isArray(value) ? value.map(eventOf) : eventOf(value, 0));
}
