/**
 * Rewrites the texts in a body and nothing else. Strings are rewritten as a reader of the format sees them, without escapes; a text
 * that is streamed in pieces is seen as one. If nothing changes, every byte stays; a JSON value with a change is serialized again,
 * without whitespace and with its numbers as they were.
 */
import { parseLossless, stringifyLossless, RawNumber } from './lossless-json.ts';
import { parseJson } from '../schema/index.ts';

export interface TextRewrite {
  /** False when there is nothing to change in the text or in any part of it. */
  matches(text: string): boolean;
  /** Gets the pieces of one text and returns the same number of pieces. */
  apply(pieces: readonly string[]): readonly string[];
}

/** A section of the body: a JSON value, or one plain text. */
interface Part {
  readonly start: number;
  readonly end: number;
  /** The events in the JSON: of an array its elements, since a provider may stream one. Null for plain text. */
  readonly events: readonly unknown[] | null;
}

/**
 * The position of a string in an event: its keys, plus every index field by which the event distinguishes texts. A provider streams
 * a text by sending events with its next characters in the same slot.
 */
class TextSlot {
  readonly pieces: string[] = [];
  /** For each piece, the number of its event. */
  readonly events: number[] = [];
  readonly #children = new Map<string | number, TextSlot>();

  child(key: string | number): TextSlot {
    let slot = this.#children.get(key);
    if (slot === undefined) this.#children.set(key, (slot = new TextSlot()));
    return slot;
  }
}

/** All texts in a body. */
class CollectedTexts {
  readonly root = new TextSlot();
  /** Slots that hold a string. */
  readonly slots = new Set<TextSlot>();
  /** Keys, and text that is not JSON: these are never continued in another event. */
  readonly standalone = new Set<string>();
}

/** @param streamed the body is server-sent events */
export function rewriteTexts(body: string, streamed: boolean, rewrite: TextRewrite): string {
  const parts = streamed ? partsOfEvents(body) : [partOf(body, 0, body.length)];
  const texts = new CollectedTexts();
  let number = 0;
  for (const { start, end, events } of parts) {
    if (events === null) texts.standalone.add(body.slice(start, end));
    else for (const event of events) collect(event, rootSlotOf(event, texts.root), number++, texts);
  }
  const whole = Array.from(texts.slots, ({ pieces }) => pieces.join(''));
  // One search over everything is much cheaper than many small ones, and usually finds nothing.
  if (!rewrite.matches([...whole, ...texts.standalone].join('\n'))) return body;
  return applyChanges(body, parts, texts.root, changesOf(texts, rewrite));
}

/** Line by line: a provider puts one JSON value after each `data:`. */
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

/** Events of different types use the same keys for different texts. */
function rootSlotOf(event: unknown, root: TextSlot): TextSlot {
  const type = (event as { type?: unknown } | null)?.type;
  return typeof type === 'string' ? root.child(type) : root;
}

function collect(value: unknown, slot: TextSlot, event: number, texts: CollectedTexts): void {
  if (typeof value === 'string') {
    slot.pieces.push(value);
    slot.events.push(event);
    texts.slots.add(slot);
  } else if (Array.isArray(value)) {
    value.forEach((each, index) => collect(each, slot.child(index), event, texts));
  } else if (typeof value === 'object' && value !== null) {
    const tree = value as Record<string, unknown>;
    const own = slotByIndex(tree, slot);
    for (const key in tree) {
      texts.standalone.add(key);
      collect(tree[key], own.child(key), event, texts);
    }
  }
}

/** `index`, `output_index`, `content_index` … */
function slotByIndex(tree: Record<string, unknown>, slot: TextSlot): TextSlot {
  let own = slot;
  for (const key in tree) {
    if (key !== 'index' && !key.endsWith('_index')) continue;
    const index = tree[key];
    if (typeof index === 'number' || index instanceof RawNumber) own = own.child(`${key} ${String(index)}`);
  }
  return own;
}

interface Changes {
  /** Changes of standalone texts: old text → new text. */
  readonly alone: ReadonlyMap<string, string>;
  /** Changes of pieces, by event number. */
  readonly byEvent: ReadonlyMap<number, ReadonlyMap<TextSlot, string>>;
}

function changesOf(texts: CollectedTexts, rewrite: TextRewrite): Changes {
  const alone = new Map<string, string>();
  for (const text of texts.standalone) {
    const [after = text] = rewrite.matches(text) ? rewrite.apply([text]) : [];
    if (after !== text) alone.set(text, after);
  }
  const byEvent = new Map<number, Map<TextSlot, string>>();
  for (const slot of texts.slots) {
    if (!rewrite.matches(slot.pieces.join(''))) continue;
    for (const [index, after] of rewrite.apply(slot.pieces).entries()) {
      const event = slot.events[index];
      if (event === undefined || after === slot.pieces[index]) continue;
      const there = byEvent.get(event);
      if (there === undefined) byEvent.set(event, new Map([[slot, after]]));
      else there.set(slot, after);
    }
  }
  return { alone, byEvent };
}

function applyChanges(body: string, parts: readonly Part[], root: TextSlot, changes: Changes): string {
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
      after = isChanged(events, first, changes) ? reserialize(source, first, root, changes) : source;
    }
    out += body.slice(from, start) + after;
    from = end;
  }
  return out + body.slice(from);
}

function isChanged(events: readonly unknown[], first: number, { alone, byEvent }: Changes): boolean {
  // Keys rarely change; if one does, it may be anywhere.
  return alone.size > 0 || events.some((_, index) => byEvent.has(first + index));
}

function reserialize(json: string, first: number, root: TextSlot, { alone, byEvent }: Changes): string {
  const replaced = (value: unknown, slot: TextSlot, pieces: ReadonlyMap<TextSlot, string> | undefined): unknown => {
    if (typeof value === 'string') return pieces?.get(slot) ?? value;
    if (Array.isArray(value)) return value.map((each, index) => replaced(each, slot.child(index), pieces));
    if (typeof value !== 'object' || value === null || value instanceof RawNumber) return value;
    const own = slotByIndex(value as Record<string, unknown>, slot);
    const entries = Object.entries(value).map(([key, each]) => [alone.get(key) ?? key, replaced(each, own.child(key), pieces)]);
    return Object.fromEntries(entries) as unknown;
  };
  const value = parseLossless(json);
  const eventOf = (event: unknown, index: number): unknown =>
    replaced(event, rootSlotOf(event, root), byEvent.get(first + index));
  return stringifyLossless(Array.isArray(value) ? value.map(eventOf) : eventOf(value, 0));
}
