/** Writes a record as one line of JSON, as bytes, into a buffer that is used again and again. */
import { TRIGRAM_MASK, type SecretRedactor, type TrigramBits } from '../secrets/index.ts';
import { jsonBytes, serializeError, toJsonValue, truncateText, truncateValue, type JsonValue } from './json-value.ts';

/** The longest line, newline included. */
export const MAX_RECORD_BYTES = 256 * 1024;

/** Up to this length a loop over the characters beats a call that writes them all. */
const SHORT = 24;
/** Above this length JSON.stringify beats a loop over the bytes. */
const MEDIUM = 1024;
/** An event is a key; longer ones are cut. */
const MAX_EVENT = 256;
/** Longer strings are cut before anything else looks at them. */
const MAX_STRING = 1024 * 1024;
/** Nested plain values deeper than this go the careful way, where circles are found. */
const MAX_NESTING = 6;
const MAX_INT32 = 0x7fffffff;

const METADATA = Buffer.from(',"metadata":');
const ERROR = Buffer.from(',"error":');
const LATE = Buffer.from(',"late":true');
const TRUNCATED = Buffer.from(',"truncated":');
const EMPTY = Buffer.from('{}');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

/** The constant beginning of a logger's lines of one level and event, up to and with `"message":`. The time is patched in place. */
export interface LineTemplate {
  readonly event: string;
  readonly bytes: Buffer;
  readonly timestampOffset: number;
  timestampMs: number;
}

/** What follows metadata: `,"attempt":2,"seq":` … `,"writer":"k3f9ab"`. Null for a record of no run. */
export interface LineTail {
  readonly seq: Buffer;
  readonly writer: Buffer;
}

const RECORD_TOO_LONG = new Error('the record is longer than its limit');

export class LineWriter {
  /** The line is at its beginning. */
  readonly bytes = Buffer.allocUnsafeSlow(MAX_RECORD_BYTES);
  /** The same memory; V8 stores single bytes into a plain array three times as fast as into a Buffer. */
  readonly #raw = new Uint8Array(this.bytes.buffer);
  #at = 0;
  #redactor: SecretRedactor;
  #trigrams: TrigramBits;
  #numeric: boolean;

  constructor(redactor: SecretRedactor) {
    this.#redactor = redactor;
    this.#trigrams = redactor.patterns.trigrams;
    this.#numeric = redactor.patterns.numeric;
  }

  /** Returns the line's length. Never throws, whatever the content. */
  write(
    template: LineTemplate,
    tail: LineTail | null,
    seq: number,
    late: boolean,
    redactor: SecretRedactor,
    message: string,
    metadata: unknown,
    error: unknown,
  ): number {
    if (redactor !== this.#redactor) {
      this.#redactor = redactor;
      this.#trigrams = redactor.patterns.trigrams;
      this.#numeric = redactor.patterns.numeric;
    }
    try {
      this.bytes.set(template.bytes, 0);
      this.#at = template.bytes.length;
      this.#string(message);
      this.#copy(METADATA);
      this.#metadata(metadata);
      this.#tail(tail, seq);
      if (error !== undefined) {
        this.#copy(ERROR);
        this.#json(JSON.stringify(toJsonValue(serializeError(error), redactor.redact)));
      }
      if (late) this.#copy(LATE);
      this.#end();
      return this.#at;
    } catch {
      // Too long, or a getter threw: the careful way copes with both.
      return this.#writeTruncated(template, tail, seq, late, message, metadata, error);
    }
  }

  /** The same record, truncated until it fits. */
  #writeTruncated(
    template: LineTemplate,
    tail: LineTail | null,
    seq: number,
    late: boolean,
    message: string,
    metadata: unknown,
    error: unknown,
  ): number {
    let before = 0;
    const redact = (text: string): string => {
      if (text.length <= MAX_STRING) return this.#redactor.redact(text);
      before += Buffer.byteLength(text) - MAX_STRING;
      return redactPrefix(this.#redactor, text, MAX_STRING);
    };
    const safeMessage = redact(message);
    const safeMetadata = asObject(toJsonValue(metadata, redact));
    const safeError = error === undefined ? null : asObject(toJsonValue(serializeError(error), redact));
    const room = MAX_RECORD_BYTES - template.bytes.length - 256;
    before += jsonBytes(safeMessage) + jsonBytes(safeMetadata) + (safeError === null ? 0 : jsonBytes(safeError));
    const keptError = safeError === null ? null : truncateValue(safeError, Math.floor(room / 4));
    const left = room - (keptError === null ? 0 : jsonBytes(keptError));
    const keptMetadata = truncateValue(safeMetadata, Math.max(Math.floor(left / 2), left - jsonBytes(safeMessage)));
    const keptMessage = truncateText(safeMessage, left - jsonBytes(keptMetadata));
    const after = jsonBytes(keptMessage) + jsonBytes(keptMetadata) + (keptError === null ? 0 : jsonBytes(keptError));

    this.bytes.set(template.bytes, 0);
    this.#at = template.bytes.length;
    this.#json(JSON.stringify(keptMessage));
    this.#copy(METADATA);
    this.#json(JSON.stringify(keptMetadata));
    this.#tail(tail, seq);
    if (keptError !== null) {
      this.#copy(ERROR);
      this.#json(JSON.stringify(keptError));
    }
    if (late) this.#copy(LATE);
    if (before > after) {
      this.#copy(TRUNCATED);
      this.#integer(before - after);
    }
    this.#end();
    return this.#at;
  }

  #tail(tail: LineTail | null, seq: number): void {
    if (tail === null) return;
    this.#copy(tail.seq);
    this.#integer(seq);
    this.#copy(tail.writer);
  }

  #end(): void {
    if (this.#at + 2 > MAX_RECORD_BYTES) throw RECORD_TOO_LONG;
    this.bytes[this.#at] = 125;
    this.bytes[this.#at + 1] = 10;
    this.#at += 2;
  }

  #copy(part: Buffer): void {
    if (this.#at + part.length > MAX_RECORD_BYTES) throw RECORD_TOO_LONG;
    this.bytes.set(part, this.#at);
    this.#at += part.length;
  }

  #string(text: string): void {
    const { length } = text;
    const bytes = this.#raw;
    const start = this.#at + 1;
    const end = start + length;
    if (length > MEDIUM || end >= MAX_RECORD_BYTES) {
      this.#longString(text);
      return;
    }
    bytes[start - 1] = 34;
    if (length > SHORT) {
      // As many bytes as characters: it is all ASCII.
      if (this.bytes.write(text, start, MAX_RECORD_BYTES - start, 'utf8') !== length || !isPlainAscii(bytes, start, end)) {
        this.#longString(text);
        return;
      }
    } else {
      for (let index = 0; index < length; index++) {
        const code = text.charCodeAt(index);
        if (code < 32 || code > 126 || code === 34 || code === 92) {
          this.#longString(text);
          return;
        }
        bytes[start + index] = code;
      }
    }
    if (hasTriple(this.#trigrams, bytes, start, end) && this.#redactor.containsSecret(text)) {
      this.#longString(text);
      return;
    }
    bytes[end] = 34;
    this.#at = end + 1;
  }

  #longString(text: string): void {
    if (text.length > MAX_RECORD_BYTES) throw RECORD_TOO_LONG;
    this.#json(JSON.stringify(this.#redactor.redact(text)));
  }

  /** Text that is JSON already and holds no secret. */
  #json(json: string): void {
    const room = MAX_RECORD_BYTES - this.#at;
    if (json.length > room || (json.length * 3 > room && Buffer.byteLength(json) > room)) throw RECORD_TOO_LONG;
    this.#at += this.bytes.write(json, this.#at, 'utf8');
  }

  #integer(value: number): void {
    if (value > MAX_INT32) {
      this.#json(String(value));
      return;
    }
    const bytes = this.#raw;
    let digits = 1;
    for (let rest = value; rest >= 10; rest = (rest / 10) | 0) digits += 1;
    if (this.#at + digits > MAX_RECORD_BYTES) throw RECORD_TOO_LONG;
    let rest = value | 0;
    for (let at = this.#at + digits - 1; at >= this.#at; at--) {
      const next = (rest / 10) | 0;
      bytes[at] = 48 + rest - next * 10;
      rest = next;
    }
    this.#at += digits;
  }

  #metadata(metadata: unknown): void {
    const start = this.#at;
    if (metadata === undefined || metadata === null) {
      this.#copy(EMPTY);
      return;
    }
    if (typeof metadata === 'object' && !Array.isArray(metadata) && this.#object(metadata, 0)) return;
    this.#at = start;
    this.#json(JSON.stringify(asObject(toJsonValue(metadata, this.#redactor.redact))));
  }

  /** False when the value is out of the ordinary; what was written of it then counts for nothing. */
  #value(value: unknown, nesting: number): boolean {
    switch (typeof value) {
      case 'string':
        this.#string(value);
        return true;
      case 'number':
        return this.#number(value);
      case 'boolean':
        this.#copy(value ? TRUE : FALSE);
        return true;
      case 'object':
        if (value === null) {
          this.#copy(NULL);
          return true;
        }
        if (nesting > MAX_NESTING) return false;
        return Array.isArray(value) ? this.#array(value, nesting) : this.#object(value, nesting);
      default:
        return false;
    }
  }

  #number(value: number): boolean {
    if (this.#numeric || !Number.isFinite(value)) return false;
    if (value >= 0 && (value | 0) === value) this.#integer(value);
    else this.#json(String(value));
    return true;
  }

  #array(values: readonly unknown[], nesting: number): boolean {
    if (Object.getPrototypeOf(values) !== Array.prototype || 'toJSON' in values) return false;
    this.#byte(91);
    for (let index = 0; index < values.length; index++) {
      if (index !== 0) this.#byte(44);
      if (!this.#value(values[index], nesting + 1)) return false;
    }
    this.#byte(93);
    return true;
  }

  #object(value: object, nesting: number): boolean {
    const prototype = Object.getPrototypeOf(value);
    if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in value) return false;
    const names = Object.keys(value);
    let first = true;
    this.#byte(123);
    for (let index = 0; index < names.length; index++) {
      const name = names[index] as string;
      const item = (value as Record<string, unknown>)[name];
      if (item === undefined) continue;
      if (first) first = false;
      else this.#byte(44);
      this.#string(name);
      this.#byte(58);
      if (!this.#value(item, nesting + 1)) return false;
    }
    this.#byte(125);
    return true;
  }

  #byte(value: number): void {
    if (this.#at >= MAX_RECORD_BYTES) throw RECORD_TOO_LONG;
    this.#raw[this.#at++] = value;
  }
}

/** The event in a template: redacted JSON. */
export function eventJson(event: string, redactor: SecretRedactor): string {
  const safe = event.length > MAX_EVENT ? redactPrefix(redactor, event, MAX_EVENT * 4) : redactor.redact(event);
  return JSON.stringify(safe.slice(0, MAX_EVENT));
}

function redactPrefix(redactor: SecretRedactor, text: string, length: number): string {
  const stream = redactor.stream();
  const shown = stream.push(text.slice(0, length));
  // The stream holds back what truncation may have made unrecognizable.
  return text.length > length ? shown : shown + stream.end();
}

/** Whether JSON can hold the bytes as they are. */
function isPlainAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = bytes[at] as number;
    if (code < 32 || code > 126 || code === 34 || code === 92) return false;
  }
  return true;
}

function hasTriple(trigrams: TrigramBits, bytes: Uint8Array, start: number, end: number): boolean {
  const last = end - 3;
  let hit = 0;
  for (let at = start; at <= last; at += 2) {
    const hash = (((bytes[at] as number) << 10) ^ ((bytes[at + 1] as number) << 5) ^ (bytes[at + 2] as number)) & TRIGRAM_MASK;
    hit |= (trigrams[hash >> 5] as number) >> (hash & 31);
  }
  return (hit & 1) !== 0;
}

function asObject(value: JsonValue | undefined): { [name: string]: JsonValue } {
  if (value === undefined) return {};
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { value };
}
