/** JSON as others send it: nothing about its shape is known, and no bytes make a function throw. */

import { parseJson } from '../../schema/index.ts';
export type Json = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** The objects of a list; what else stands in it is left out. */
export function objectsOf(value: unknown): readonly Json[] {
  return listOf(value)
    .map(objectOf)
    .filter((item) => item !== null);
}

/** Null for a text without characters: some providers send such a model name in their first event. */
export function nameOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A count of tokens, or null when nobody stated one. */
export function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** Null unless the text is one JSON object. */
export function parseObject(text: string): Json | null {
  return objectOf(parseJson(text));
}

const LONGEST_ERROR = 1000;

/** What an `error` member says: a text, or an object with a message. Null when it is absent or null. */
export function errorOf(value: unknown): string | null {
  if (typeof value === 'string') return value.slice(0, LONGEST_ERROR);
  const error = objectOf(value);
  if (error === null) return null;
  const message = nameOf(error['message']) ?? nameOf(error['code']) ?? nameOf(error['type']);
  return (message ?? 'the answer carried an error without a message').slice(0, LONGEST_ERROR);
}
