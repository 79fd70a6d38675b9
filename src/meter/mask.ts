/**
 * Keeps the real key from the framework where an upstream repeats it, as some do in an error about it. The cover is as
 * long as the key, so that lengths stated in headers stay true.
 */
import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';

export interface KeyMask {
  headers(headers: OutgoingHttpHeaders): OutgoingHttpHeaders;
  /** Covers the key wherever chunk borders lie; holds back the end of a chunk only while it may be the key's beginning. */
  push(chunk: Buffer): Buffer;
  /** What was held back when the body has ended. */
  end(): Buffer;
}

/** A shorter key is no secret worth spoiling answers for. */
const LEAST_KEY = 8;
const NOTHING: Buffer = Buffer.alloc(0);
const OPEN: KeyMask = { headers: (headers) => headers, push: (chunk) => chunk, end: () => NOTHING };

export function createKeyMask(apiKey: string | null): KeyMask {
  if (apiKey === null || apiKey.length < LEAST_KEY) return OPEN;
  const key = Buffer.from(apiKey);
  const cover = '*'.repeat(key.length);
  let held = NOTHING;
  const covered = (value: string): string => value.replaceAll(apiKey, cover);
  return {
    headers(headers) {
      if (!Object.values(headers).some((value) => holds(value, apiKey))) return headers;
      const entries = Object.entries(headers).map(([name, value]) => [
        name,
        typeof value === 'string' ? covered(value) : Array.isArray(value) ? value.map(covered) : value,
      ]);
      return Object.fromEntries(entries) as OutgoingHttpHeaders;
    },
    push(chunk) {
      let bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      for (let at = bytes.indexOf(key), copied = false; at >= 0; at = bytes.indexOf(key, at + key.length)) {
        if (!copied) bytes = Buffer.from(bytes);
        copied = true;
        bytes.write(cover, at);
      }
      const from = beginningOf(key, bytes);
      held = bytes.subarray(from);
      return bytes.subarray(0, from);
    },
    end() {
      const rest = held;
      held = NOTHING;
      return rest;
    },
  };
}

function holds(value: OutgoingHttpHeader | undefined, key: string): boolean {
  if (Array.isArray(value)) return value.some((one) => one.includes(key));
  return typeof value === 'string' && value.includes(key);
}

/** Where, at the end of the bytes, the key may have begun; their length when it has not. */
function beginningOf(key: Buffer, bytes: Buffer): number {
  let at = bytes.indexOf(key[0]!, Math.max(0, bytes.length - key.length + 1));
  while (at >= 0 && !bytes.subarray(at).equals(key.subarray(0, bytes.length - at))) at = bytes.indexOf(key[0]!, at + 1);
  return at < 0 ? bytes.length : at;
}
