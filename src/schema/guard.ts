/**
 * Shapes that are read on the way to a list of runs, where loading zod would cost more than the reading. The compiler sees to it that
 * a guard names every field of its type.
 */

/** Whether a value has a shape. */
export type Guard<T> = (value: unknown) => value is T;

export const isText: Guard<string> = (value) => typeof value === 'string';
export const isNumber: Guard<number> = (value): value is number => typeof value === 'number' && Number.isFinite(value);
export const isInteger: Guard<number> = (value): value is number => Number.isSafeInteger(value);
export const isCount: Guard<number> = (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
export const isBoolean: Guard<boolean> = (value) => typeof value === 'boolean';

export function orNull<T>(guard: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || guard(value);
}

export function isOneOf<const T extends readonly string[]>(words: T): Guard<T[number]> {
  return (value): value is T[number] => typeof value === 'string' && words.includes(value);
}

export function isListOf<T>(guard: Guard<T>): Guard<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(guard);
}

export function isMapOf<T>(guard: Guard<T>): Guard<Record<string, T>> {
  return (value): value is Record<string, T> => isObject(value) && Object.values(value).every(guard);
}

/** An object with all of these fields; it may have more. */
export function hasFields<T extends object>(fields: { readonly [K in keyof T]-?: Guard<T[K]> }): Guard<T> {
  const entries = Object.entries<Guard<unknown>>(fields);
  return (value): value is T => isObject(value) && entries.every(([name, guard]) => guard(value[name]));
}

/** A key `__proto__`, which JSON allows, is no field of ours. */
function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Object.hasOwn(value, '__proto__');
}
