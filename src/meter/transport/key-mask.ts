/**
 * Keeps the real key from the framework where an upstream repeats it, as some do in an error about it: as it is, escaped, in a
 * URL or in base64. The cover is as long as what it covers, so that lengths stated in headers stay true.
 */
import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';
import { MIN_SECRET_LENGTH, secretForms } from '../../secrets.ts';

/** For one answer. */
export interface KeyMask {
  headers(headers: OutgoingHttpHeaders): OutgoingHttpHeaders;
  /** Covers the key wherever chunk borders lie; holds back the end of a chunk only while it may be the key's beginning. */
  push(chunk: Buffer): Buffer;
  /** What was held back when the body has ended. */
  end(): Buffer;
}

/** A form in which the key may appear. */
interface Form {
  readonly text: string;
  readonly bytes: Buffer;
  readonly cover: string;
}

const NOTHING: Buffer = Buffer.alloc(0);
const OPEN: KeyMask = { headers: (headers) => headers, push: (chunk) => chunk, end: () => NOTHING };

/** Makes a mask for each answer. */
export function keyMasks(apiKey: string | null): () => KeyMask {
  if (apiKey === null || apiKey.length < MIN_SECRET_LENGTH) return () => OPEN;
  const forms = secretForms(apiKey).map((text): Form => {
    const bytes = Buffer.from(text);
    return { text, bytes, cover: '*'.repeat(bytes.length) };
  });
  const letters = new Set(forms.flatMap(({ bytes }) => [...bytes]));
  return () => maskOf(forms, letters);
}

/** @param letters the bytes that occur in the forms */
function maskOf(forms: readonly Form[], letters: ReadonlySet<number>): KeyMask {
  let held = NOTHING;
  const covered = (value: string): string => forms.reduce((text, form) => text.replaceAll(form.text, form.cover), value);
  return {
    headers(headers) {
      if (!Object.values(headers).some((value) => forms.some(({ text }) => holds(value, text)))) return headers;
      const entries = Object.entries(headers).map(([name, value]) => [
        name,
        typeof value === 'string' ? covered(value) : Array.isArray(value) ? value.map(covered) : value,
      ]);
      return Object.fromEntries(entries) as OutgoingHttpHeaders;
    },
    push(chunk) {
      let bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      let copied = false;
      for (const form of forms) {
        for (let at = bytes.indexOf(form.bytes); at >= 0; at = bytes.indexOf(form.bytes, at + form.bytes.length)) {
          if (!copied) bytes = Buffer.from(bytes);
          copied = true;
          bytes.write(form.cover, at);
        }
      }
      const last = bytes.at(-1);
      // Mostly an end of line or a bracket, which goes on with nothing.
      const from = last !== undefined && letters.has(last) ? beginningOf(forms, bytes) : bytes.length;
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

function holds(value: OutgoingHttpHeader | undefined, text: string): boolean {
  if (Array.isArray(value)) return value.some((one) => one.includes(text));
  return typeof value === 'string' && value.includes(text);
}

/** Where, at the end of the bytes, the first of the forms may have begun; their length when none has. */
function beginningOf(forms: readonly Form[], bytes: Buffer): number {
  let first = bytes.length;
  for (const { bytes: key } of forms) {
    let at = bytes.indexOf(key[0]!, Math.max(0, bytes.length - key.length + 1));
    while (at >= 0 && at < first && !bytes.subarray(at).equals(key.subarray(0, bytes.length - at))) {
      at = bytes.indexOf(key[0]!, at + 1);
    }
    if (at >= 0 && at < first) first = at;
  }
  return first;
}
