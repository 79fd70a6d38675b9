/** Sums of numbers of which some were not measured. */

/** A running sum. `known` counts the values added, to distinguish an empty sum from 0. */
export interface Sum {
  total: number;
  known: number;
}

export function emptySum(): Sum {
  return { total: 0, known: 0 };
}

/** Ignores null and undefined, which mean not measured. */
export function addTo(sum: Sum, value: number | null | undefined): void {
  if (value === null || value === undefined) return;
  sum.total += value;
  sum.known += 1;
}

/** Null when nothing was added, or when the sum exceeds the safe integers. */
export function exactTotal({ total, known }: Sum): number | null {
  return known > 0 && Math.abs(total) <= Number.MAX_SAFE_INTEGER ? total : null;
}

/** Sum of the known values, a lower bound when some are unknown; null when none is known, or past the safe integers. */
export function sumKnown(values: Iterable<number | null | undefined>): number | null {
  const sum = emptySum();
  for (const value of values) addTo(sum, value);
  return exactTotal(sum);
}

/** Null when any value is unknown; the sum of no values is 0. */
export function sumComplete(values: readonly (number | null | undefined)[]): number | null {
  const isComplete = values.every((value) => value !== null && value !== undefined);
  return isComplete && values.length > 0 ? sumKnown(values) : isComplete ? 0 : null;
}

/** Like {@link sumKnown}, rounded to milliseconds. */
export function sumSeconds(values: Iterable<number | null | undefined>): number | null {
  const sum = sumKnown(values);
  return sum === null ? null : roundToMilliseconds(sum);
}

/** Removes the floating-point error of summed fractions of a second. */
export function roundToMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
