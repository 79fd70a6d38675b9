/** Two JSON values compared field by field. */
import type { CheckedThing, Differences } from './report.ts';

/** Reports each differing leaf as `<file> <path>`, for example `metrics.json aggregate_metrics.TOK_IN`. */
export function compareFields(
  differences: Differences,
  thing: CheckedThing,
  file: string,
  expected: unknown,
  actual: unknown,
): void {
  const printed = leavesOf(expected);
  const recomputed = leavesOf(actual);
  for (const path of new Set([...printed.keys(), ...recomputed.keys()])) {
    differences.count(thing);
    const [one, other] = [printed.get(path) ?? 'absent', recomputed.get(path) ?? 'absent'];
    if (one !== other) differences.add(`${file} ${path}`, one, other);
  }
}

/** Path of each leaf to its JSON; empty objects and lists are leaves too. */
function leavesOf(value: unknown): Map<string, string> {
  const leaves = new Map<string, string>();
  const visit = (at: unknown, path: string): void => {
    const entries = typeof at === 'object' && at !== null ? Object.entries(at) : [];
    if (entries.length === 0) leaves.set(path, JSON.stringify(at) ?? 'absent');
    for (const [key, child] of entries)
      visit(child, Array.isArray(at) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`);
  };
  visit(value, '');
  return leaves;
}
