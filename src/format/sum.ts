/** Sums of figures of which some were not measured. */

/** A sum that grows. `known` counts what was added, so that a sum of nothing can be told from 0. */
export interface Sum {
  total: number;
  known: number;
}

export function emptySum(): Sum {
  return { total: 0, known: 0 };
}

/** Null and undefined, what was not measured, add nothing. */
export function addTo(sum: Sum, value: number | null | undefined): void {
  if (value === null || value === undefined) return;
  sum.total += value;
  sum.known += 1;
}

/** Null when nothing was added, or when the sum is beyond the numbers that are exact. */
export function exactTotal({ total, known }: Sum): number | null {
  return known > 0 && Math.abs(total) <= Number.MAX_SAFE_INTEGER ? total : null;
}

/** The sum of what is known, a lower bound where some is not; null when nothing is known, or beyond the exact numbers. */
export function sumKnown(values: Iterable<number | null | undefined>): number | null {
  const sum = emptySum();
  for (const value of values) addTo(sum, value);
  return exactTotal(sum);
}

/** One unknown value makes the sum unknown; the sum of no values is 0. */
export function sumComplete(values: readonly (number | null | undefined)[]): number | null {
  const isComplete = values.every((value) => value !== null && value !== undefined);
  return isComplete && values.length > 0 ? sumKnown(values) : isComplete ? 0 : null;
}

/** As {@link sumKnown}, of seconds. */
export function sumSeconds(values: Iterable<number | null | undefined>): number | null {
  const sum = sumKnown(values);
  return sum === null ? null : roundToMilliseconds(sum);
}

/** Seconds without the dust that sums of binary fractions leave. */
export function roundToMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
