import type { Redactor } from '../secrets.ts';

/** The value with every string in it redacted; numbers stay numbers, whatever their digits. */
export function redacted<T>(value: T, redactor: Redactor): T {
  if (typeof value === 'string') return redactor.redact(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => redacted(item, redactor)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redacted<unknown>(item, redactor)])) as T;
}
