/** A value for a message. */
import { inspect } from 'node:util';
import { abbreviatedKey, hasKeyShape, isSecretName } from '../secrets/index.ts';
import type { KeyPath } from './errors.ts';

/** Short, and never a key. */
export function showValue(value: unknown, path: KeyPath = []): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping';
  if (typeof value === 'string' && (hasKeyShape(value) || isSecretName(String(path.at(-1))))) return abbreviatedKey(value);
  // A caller in JavaScript may give a value that JSON has no text for.
  const text = typeof value === 'string' ? JSON.stringify(value) : inspect(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
