/** Any value, any thrown one too, as JSON can hold it, and short enough for a record. */
import { types } from 'node:util';
import { messageOf } from '../errors/index.ts';
import type { RecordedError } from '../schema/index.ts';

/** Deeper values would overflow the stack somewhere. */
const MAX_DEPTH = 100;
/** More values than this do not fit a record; a small graph can spell out to billions of them. */
const MAX_VALUES = 131_072;
/** Nor do more bytes. */
const MAX_BYTES = 512 * 1024;

/** A value that JSON.stringify takes without throwing and without losing what it says. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [name: string]: JsonValue };

/**
 * What JSON.stringify would write, and beyond it: bigints as digits, errors with message, stack and cause, maps as objects,
 * sets as arrays, bytes as base64, circles and throwing getters as words in brackets. Every string goes through `redact`.
 * Undefined where JSON.stringify would leave the value out.
 */
export function toJsonValue(root: unknown, redact: (text: string) => string): JsonValue | undefined {
  const ancestors: object[] = [];
  let values = 0;

  function convert(value: unknown, key: string): JsonValue | undefined {
    values += 1;
    if (typeof value === 'string') return redact(value);
    if (typeof value === 'boolean') return value;
    if (typeof value === 'number') return convertNumber(value);
    if (typeof value === 'bigint') return redact(String(value));
    if (typeof value !== 'object') return undefined;
    if (value === null) return null;
    if (ancestors.includes(value)) return '[circular]';
    if (ancestors.length >= MAX_DEPTH) return '[too deep]';
    if (values > MAX_VALUES) return '[too large]';
    ancestors.push(value);
    try {
      return convertObject(value, key);
    } catch (error) {
      return describeThrown(error);
    } finally {
      ancestors.pop();
    }
  }

  function convertNumber(value: number): JsonValue {
    if (!Number.isFinite(value)) return null;
    const text = String(value);
    const safe = redact(text);
    return safe === text ? value : safe;
  }

  function convertObject(value: object, key: string): JsonValue | undefined {
    if (ArrayBuffer.isView(value)) return redact(base64(Buffer.from(value.buffer, value.byteOffset, value.byteLength)));
    if (value instanceof ArrayBuffer) return redact(base64(Buffer.from(value)));
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function') return convert(toJSON.call(value, key), key);
    if (value instanceof Error) return entries(Object.entries({ ...serializeError(value), ...ownFields(value) }));
    if (value instanceof Map) return entries([...value].map(([name, item]) => [nameOf(name), item] as const));
    if (value instanceof Set) return array([...value]);
    if (types.isBoxedPrimitive(value)) return convert(value.valueOf(), key);
    if (Array.isArray(value)) return array(value);
    const out: { [name: string]: JsonValue } = Object.create(null);
    for (const name of Object.keys(value)) {
      if (values > MAX_VALUES) break;
      try {
        setProperty(out, name, (value as Record<string, unknown>)[name]);
      } catch (error) {
        out[redact(name)] = describeThrown(error);
      }
    }
    return out;
  }

  function array(items: readonly unknown[]): JsonValue[] {
    const out: JsonValue[] = [];
    for (let at = 0; at < items.length && values <= MAX_VALUES; at++) out.push(convert(items[at], String(at)) ?? null);
    if (out.length < items.length) out.push(`[${items.length - out.length} more]`);
    return out;
  }

  function entries(items: Iterable<readonly [string, unknown]>): JsonValue {
    const out: { [name: string]: JsonValue } = Object.create(null);
    for (const [name, item] of items) {
      if (values > MAX_VALUES) break;
      setProperty(out, name, item);
    }
    return out;
  }

  function setProperty(out: { [name: string]: JsonValue }, name: string, item: unknown): void {
    const value = convert(item, name);
    if (value !== undefined) out[redact(name)] = value;
  }

  function nameOf(key: unknown): string {
    return typeof key === 'string' ? key : (JSON.stringify(convert(key, '')) ?? String(key));
  }

  function describeThrown(error: unknown): string {
    return redact(`[threw: ${messageOf(error)}]`);
  }

  return convert(root, '');
}

function base64(bytes: Buffer): string {
  const kept = bytes.toString('base64', 0, MAX_BYTES);
  return bytes.length <= MAX_BYTES ? kept : `${kept}[${bytes.length - MAX_BYTES} more bytes]`;
}

/** An error's own fields beside the standard ones, which are in the record already. */
function ownFields(error: Error): Record<string, unknown> {
  const { name: _name, message: _message, stack: _stack, cause: _cause, ...rest } = error as unknown as Record<string, unknown>;
  return rest;
}

/** Causes deeper than this are left out; they may form a circle. */
const MAX_CAUSES = 8;

/** Any thrown value in the form that a record holds. Never throws, whatever its getters do. */
export function serializeError(thrown: unknown, depth = 0): RecordedError {
  if ((typeof thrown !== 'object' && typeof thrown !== 'function') || thrown === null) {
    return { type: thrown === null ? 'null' : typeof thrown, message: messageOf(thrown) };
  }
  const name = read(thrown, 'name') ?? read(thrown, 'type');
  const error: RecordedError = {
    type: typeof name === 'string' && name !== '' ? name : className(thrown),
    message: messageOf(thrown),
  };
  const stack = read(thrown, 'stack');
  if (typeof stack === 'string') error.stack = stack;
  const cause = read(thrown, 'cause');
  if (cause !== undefined && depth < MAX_CAUSES) error.cause = serializeError(cause, depth + 1);
  const code = read(thrown, 'code');
  if (typeof code === 'string' || (typeof code === 'number' && Number.isFinite(code))) error.code = code;
  return error;
}

function read(from: object, name: string): unknown {
  try {
    return (from as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

function className(value: object): string {
  try {
    return value.constructor.name || 'Error';
  } catch {
    return 'Error';
  }
}

/** How many characters of a string, items of a list and names of an object are kept, tried in turn. */
const SIZE_LIMITS = [65_536, 16_384, 4096, 1024, 256, 64, 16];

export function jsonBytes(value: JsonValue): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The longest beginning of `text` whose JSON takes at most `maxBytes` bytes. */
export function truncateText(text: string, maxBytes: number): string {
  let kept = text.slice(0, Math.max(0, maxBytes - 2));
  for (let bytes = jsonBytes(kept); bytes > maxBytes && kept !== ''; bytes = jsonBytes(kept)) {
    kept = kept.slice(0, Math.min(kept.length - 1, Math.floor((kept.length * maxBytes) / bytes)));
  }
  const last = kept.charCodeAt(kept.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? kept.slice(0, -1) : kept;
}

/** `value` with long strings, lists and objects shortened until its JSON takes at most `maxBytes` bytes. */
export function truncateValue(value: { [name: string]: JsonValue }, maxBytes: number): { [name: string]: JsonValue } {
  if (jsonBytes(value) <= maxBytes) return value;
  for (const limit of SIZE_LIMITS) {
    const kept = truncateTo(value, limit) as { [name: string]: JsonValue };
    if (jsonBytes(kept) <= maxBytes) return kept;
  }
  return { cut: truncateText(JSON.stringify(value), maxBytes - 16) };
}

function truncateTo(value: JsonValue, limit: number): JsonValue {
  if (typeof value === 'string') return value.length <= limit ? value : value.slice(0, limit).toWellFormed();
  if (Array.isArray(value)) return value.slice(0, limit).map((item) => truncateTo(item, limit));
  if (typeof value !== 'object' || value === null) return value;
  const out: { [name: string]: JsonValue } = Object.create(null);
  for (const [name, item] of Object.entries(value).slice(0, limit)) out[name.slice(0, limit)] = truncateTo(item, limit);
  return out;
}
