/** Turns any value into one that JSON can hold. Slow and careful: the serialiser comes here only with unusual values. */
import { messageOf } from '../errors.ts';
import { types } from 'node:util';
import { recordedError } from './thrown.ts';

/** Deeper values would overflow the stack somewhere. */
const MAX_DEPTH = 100;
/** More values than this do not fit a record; a small graph can spell out to billions of them. */
const MAX_VALUES = 131_072;
/** Nor do more bytes. */
const MAX_BYTES = 512 * 1024;

/** A value that JSON.stringify takes without throwing and without losing what it says. */
export type Plain = null | boolean | number | string | Plain[] | { [name: string]: Plain };

/**
 * What JSON.stringify would write, and beyond it: bigints as digits, errors with message, stack and cause, maps as objects,
 * sets as arrays, bytes as base64, circles and throwing getters as words in brackets. Every string goes through `redact`.
 * Undefined where JSON.stringify would leave the value out.
 */
export function plainValue(root: unknown, redact: (text: string) => string): Plain | undefined {
  const above: object[] = [];
  let values = 0;

  function plain(value: unknown, key: string): Plain | undefined {
    values += 1;
    if (typeof value === 'string') return redact(value);
    if (typeof value === 'boolean') return value;
    if (typeof value === 'number') return plainNumber(value);
    if (typeof value === 'bigint') return redact(String(value));
    if (typeof value !== 'object') return undefined;
    if (value === null) return null;
    if (above.includes(value)) return '[circular]';
    if (above.length >= MAX_DEPTH) return '[too deep]';
    if (values > MAX_VALUES) return '[too large]';
    above.push(value);
    try {
      return plainObject(value, key);
    } catch (error) {
      return threw(error);
    } finally {
      above.pop();
    }
  }

  function plainNumber(value: number): Plain {
    if (!Number.isFinite(value)) return null;
    const text = String(value);
    const safe = redact(text);
    return safe === text ? value : safe;
  }

  function plainObject(value: object, key: string): Plain | undefined {
    if (ArrayBuffer.isView(value)) return redact(base64(Buffer.from(value.buffer, value.byteOffset, value.byteLength)));
    if (value instanceof ArrayBuffer) return redact(base64(Buffer.from(value)));
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function') return plain(toJSON.call(value, key), key);
    if (value instanceof Error) return entries(Object.entries({ ...recordedError(value), ...ownFields(value) }));
    if (value instanceof Map) return entries([...value].map(([name, item]) => [nameOf(name), item] as const));
    if (value instanceof Set) return array([...value]);
    if (types.isBoxedPrimitive(value)) return plain(value.valueOf(), key);
    if (Array.isArray(value)) return array(value);
    const out: { [name: string]: Plain } = Object.create(null);
    for (const name of Object.keys(value)) {
      if (values > MAX_VALUES) break;
      try {
        put(out, name, (value as Record<string, unknown>)[name]);
      } catch (error) {
        out[redact(name)] = threw(error);
      }
    }
    return out;
  }

  function array(items: readonly unknown[]): Plain[] {
    const out: Plain[] = [];
    for (let at = 0; at < items.length && values <= MAX_VALUES; at++) out.push(plain(items[at], String(at)) ?? null);
    if (out.length < items.length) out.push(`[${items.length - out.length} more]`);
    return out;
  }

  function entries(items: Iterable<readonly [string, unknown]>): Plain {
    const out: { [name: string]: Plain } = Object.create(null);
    for (const [name, item] of items) {
      if (values > MAX_VALUES) break;
      put(out, name, item);
    }
    return out;
  }

  function put(out: { [name: string]: Plain }, name: string, item: unknown): void {
    const value = plain(item, name);
    if (value !== undefined) out[redact(name)] = value;
  }

  function nameOf(key: unknown): string {
    return typeof key === 'string' ? key : (JSON.stringify(plain(key, '')) ?? String(key));
  }

  function threw(error: unknown): string {
    return redact(`[threw: ${messageOf(error)}]`);
  }

  return plain(root, '');
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
