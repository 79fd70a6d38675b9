/** Reads untrusted JSON of unknown shape. No function here throws, whatever the input. */

import { parseJson } from '../../schema/index.ts';
export type Json = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** The objects in an array; other elements are skipped. */
export function objectsOf(value: unknown): readonly Json[] {
  return listOf(value)
    .map(objectOf)
    .filter((item) => item !== null);
}

/** Null for an empty string: some providers send one as model name in their first event. */
export function nameOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A token count, or null when the value is not one. */
export function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** Null unless the text is one JSON object. */
export function parseObject(text: string): Json | null {
  return objectOf(parseJson(text));
}

const MAX_ERROR_CHARS = 1000;

/** The message of an `error` field: a string, or an object with a message. Null when it is missing or null. */
export function errorOf(value: unknown): string | null {
  if (typeof value === 'string') return value.slice(0, MAX_ERROR_CHARS);
  const error = objectOf(value);
  if (error === null) return null;
  const message = nameOf(error['message']) ?? nameOf(error['code']) ?? nameOf(error['type']);
  return (message ?? 'the answer carried an error without a message').slice(0, MAX_ERROR_CHARS);
}
