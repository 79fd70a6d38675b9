/** The form of a request in which two that say the same are the same. */
import { parseExactly, writeJson } from './exact-json.ts';

/** More digits than this may not survive as a number of JavaScript. */
const EXACT_LENGTH = 15;

/**
 * JSON without white space, the keys of its objects in order; numbers by their value, those of more than 15 characters by their
 * text. What is no JSON is its own canonical form.
 */
export function canonicalText(text: string): string {
  try {
    return writeJson(parseExactly(text), { sorted: true, number: canonicalNumber });
  } catch {
    return text;
  }
}

function canonicalNumber(source: string): string {
  const value = Number(source);
  return source.length > EXACT_LENGTH || !Number.isFinite(value) ? source : JSON.stringify(value);
}
