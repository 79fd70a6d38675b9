import type { z } from 'zod';
import type { Guard } from './guard.ts';

/** What the text says as JSON; undefined, which no JSON says, where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What the text says as JSON of this shape; null where it is none, or of another shape. */
export function parseJsonAs<T>(shape: z.ZodType<T>, text: string): T | null {
  return shape.safeParse(parseJson(text)).data ?? null;
}

/** The same for a shape that is known by its guard; the value as it is, with what else is in it. */
export function parseJsonIf<T>(guard: Guard<T>, text: string): T | null {
  const value = parseJson(text);
  return guard(value) ? value : null;
}
