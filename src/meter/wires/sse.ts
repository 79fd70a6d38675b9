/** Server-sent events as bytes: splits a stream into events, and reads or rewrites the data of one event. */
import { createParser } from 'eventsource-parser';

/** A larger event is forwarded in parts that are not parsed. */
const MAX_EVENT_BYTES = 32 * 1024 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const NOTHING = Buffer.alloc(0);

/** Index of the next such byte, or the chunk's length. */
function find(chunk: Buffer, byte: number, from: number): number {
  const at = chunk.indexOf(byte, from);
  return at < 0 ? chunk.length : at;
}

/**
 * Splits a server-sent event stream into events and keeps every byte: the concatenated events are the input.
 *
 * An event includes the blank line that ends it. Line endings may be LF, CRLF or CR, mixed; chunk boundaries may lie anywhere,
 * within a character or between CR and LF.
 */
export class EventSplitter {
  #held: Buffer[] = [];
  #bytes = 0;
  #atLineStart = true;
  #afterCr = false;
  /** A blank line ended in CR; a following LF still belongs to it. */
  #closing = false;

  /** Returns the events that this chunk completes, oldest first. */
  push(chunk: Buffer): Buffer[] {
    const events: Buffer[] = [];
    let from = 0;
    const cut = (to: number): void => {
      events.push(this.#take(chunk.subarray(from, to)));
      from = to;
    };
    // Every byte of every stream passes through here, so only line endings are inspected.
    let lf = find(chunk, LF, 0);
    let cr = find(chunk, CR, 0);
    let at = 0;
    while (at < chunk.length) {
      const end = Math.min(lf, cr);
      if (this.#closing) {
        this.#closing = false;
        this.#afterCr = at !== lf;
        cut(at === lf ? at + 1 : at);
        if (at === lf) {
          at += 1;
          lf = find(chunk, LF, at);
          continue;
        }
      }
      if (end > at) {
        this.#afterCr = false;
        this.#atLineStart = false;
        at = end;
        continue;
      }
      at += 1;
      if (end === lf) {
        lf = find(chunk, LF, at);
        if (this.#afterCr) this.#afterCr = false;
        else if (this.#atLineStart) cut(at);
        else this.#atLineStart = true;
      } else {
        cr = find(chunk, CR, at);
        this.#afterCr = true;
        if (this.#atLineStart) this.#closing = true;
        else this.#atLineStart = true;
      }
    }
    if (from < chunk.length) {
      this.#held.push(from === 0 ? chunk : chunk.subarray(from));
      this.#bytes += chunk.length - from;
      if (this.#bytes > MAX_EVENT_BYTES) events.push(this.#take(NOTHING));
    }
    return events;
  }

  /** Returns the rest when the stream has ended: possibly an event without its blank line. */
  end(): Buffer {
    return this.#take(NOTHING);
  }

  #take(last: Buffer): Buffer {
    const event = this.#held.length === 0 ? last : Buffer.concat([...this.#held, last]);
    this.#held = [];
    this.#bytes = 0;
    return event;
  }
}

/** The event's data, or null when it has none: a comment, or only a name. */
export function dataOf(event: Buffer): string | null {
  const text = event.toString('utf8');
  return plainData(text) ?? parsedData(text);
}

/** Fast path for what providers send: at most a name, then one line of data. Null for any other form, which the parser handles. */
function plainData(text: string): string | null {
  const from = text.startsWith('event: ') ? text.indexOf('\n') + 1 : 0;
  const blank = text.endsWith('\r\n\r\n') ? 4 : text.endsWith('\n\n') ? 2 : 0;
  if (blank === 0 || !text.startsWith('data: ', from)) return null;
  const data = text.slice(from + 6, text.length - blank);
  return data.includes('\n') || data.includes('\r') ? null : data;
}

function parsedData(text: string): string | null {
  let data: string | null = null;
  createParser({
    onEvent: (event) => {
      data = event.data;
    },
  }).feed(text);
  return data;
}

const FIELD = Buffer.from('data:');

/** Offsets of one `data:` line: where it starts, its data from and to, and where the next line starts. */
interface DataLine {
  readonly start: number;
  readonly from: number;
  readonly to: number;
  readonly next: number;
}

/**
 * Rewrites the data of one event and leaves its other lines unchanged.
 *
 * @param event with or without its blank line
 * @param change gets all data of the event; returns the same buffer to change nothing
 */
export function rewriteData(event: Buffer, change: (data: Buffer) => Buffer): Buffer {
  const lines = dataLines(event);
  const [first, ...others] = lines;
  if (first === undefined) return event;
  if (others.length === 0) {
    const data = event.subarray(first.from, first.to);
    const changed = change(data);
    return changed === data ? event : Buffer.concat([event.subarray(0, first.from), changed, event.subarray(first.to)]);
  }
  const data = Buffer.from(lines.map(({ from, to }) => event.toString('utf8', from, to)).join('\n'));
  const changed = change(data);
  if (changed === data) return event;
  // The rewritten data replaces the first data line; the others are dropped.
  const pieces = [event.subarray(0, first.from), Buffer.from(changed.toString('utf8').replaceAll('\n', '\ndata: '))];
  let at = first.to;
  for (const { start, next } of others) {
    pieces.push(event.subarray(at, start));
    at = next;
  }
  return Buffer.concat([...pieces, event.subarray(at)]);
}

function dataLines(event: Buffer): DataLine[] {
  const lines: DataLine[] = [];
  let start = 0;
  while (start < event.length) {
    const to = endOfLine(event, start);
    const next = to + (event[to] === CR && event[to + 1] === LF ? 2 : 1);
    if (event.subarray(start, start + FIELD.length).equals(FIELD)) {
      const from = start + FIELD.length;
      lines.push({ start, from: event[from] === SPACE ? from + 1 : from, to, next });
    }
    start = next;
  }
  return lines;
}

/** Where the text of a line ends: before its CR, LF or CRLF. */
function endOfLine(event: Buffer, start: number): number {
  const lf = event.indexOf(LF, start);
  const end = lf < 0 ? event.length : lf;
  const cr = event.subarray(start, end).indexOf(CR);
  return cr < 0 ? end : start + cr;
}

/** A truncated stream without the incomplete event at its end, which never reaches a client. */
export function completeEvents(stream: Buffer): Buffer {
  const events = new EventSplitter().push(stream);
  return stream.subarray(
    0,
    events.reduce((size, { length }) => size + length, 0),
  );
}
