/** Reading and comparing JSON values. */

export type JsonPathResult = { readonly value: unknown } | { readonly missing: string };

/** `id`, `data.id`, `items[0].id`; `$` or an empty path means the whole value. */
export function readJsonPath(value: unknown, path: string): JsonPathResult {
  const keys = path.replace(/^\$\.?/, '').match(/[^.[\]]+/g) ?? [];
  let at = value;
  let shown = '$';
  for (const key of keys) {
    shown += /^\d+$/.test(key) ? `[${key}]` : `.${key}`;
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return { missing: shown };
    at = (at as Record<string, unknown>)[key];
  }
  return { value: at };
}

/**
 * The first way in which `actual` does not contain `expected`, or null. Objects match when every expected key is there
 * with a matching value; lists when every expected element matches some element, in any order; all else when equal.
 */
export function mismatch(expected: unknown, actual: unknown, at = '$'): string | null {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return `${at} is ${shortJson(actual)}, expected a list`;
    for (const element of expected) {
      if (!actual.some((candidate) => mismatch(element, candidate) === null)) {
        return `${at} (${actual.length} entries) has no entry that matches ${shortJson(element)}`;
      }
    }
    return null;
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null || Array.isArray(actual))
      return `${at} is ${shortJson(actual)}, expected an object`;
    for (const [key, value] of Object.entries(expected)) {
      if (!Object.hasOwn(actual, key)) return `${at}.${key} is missing`;
      const difference = mismatch(value, (actual as Record<string, unknown>)[key], `${at}.${key}`);
      if (difference !== null) return difference;
    }
    return null;
  }
  return expected === actual ? null : `${at} is ${shortJson(actual)}, expected ${shortJson(expected)}`;
}

/** A value for a message, at most 120 characters. */
export function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
