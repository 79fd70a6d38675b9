/** Counts, sizes, money and percentages. A value that was not measured is shown as `absent`, never as 0. */
import { sumComplete } from './sum.ts';

/** Shown for an unmeasured value in sentences and reports. */
export const UNKNOWN = 'unknown';
/** Shown for an unmeasured value in tables and lists on the terminal. */
export const DASH = '-';

/** Null and undefined: not measured. */
type MaybeNumber = number | null | undefined;

/** Digits only: `12345678`. */
export function formatNumber(value: MaybeNumber, absent = UNKNOWN): string {
  return value === null || value === undefined ? absent : String(value);
}

/** `1,234,567` */
export function formatCount(value: MaybeNumber, absent = UNKNOWN): string {
  return value === null || value === undefined ? absent : value.toLocaleString('en-US');
}

/** `12.3k`, `456M`: at most five characters. */
export function formatShortCount(value: MaybeNumber, absent = UNKNOWN): string {
  if (value === null || value === undefined) return absent;
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    // 999,950 would round to 1000.0k.
    if (value >= size * 0.99995) return `${(value / size).toFixed(value >= size * 99.95 ? 0 : 1)}${unit}`;
  }
  return String(Number(value.toFixed(1)));
}

/** Singular or plural form of a noun, without the number. */
export function pluralForm(value: number, one: string, many = `${one}s`): string {
  return value === 1 ? one : many;
}

/** `1 call`, `2 calls`. */
export function pluralize(value: number, one: string, many = `${one}s`): string {
  return `${value} ${pluralForm(value, one, many)}`;
}

/** `1 call`, `1,234 calls`. */
export function pluralizeGrouped(value: number, one: string): string {
  return `${formatCount(value)} ${pluralForm(value, one)}`;
}

/** `+120`, `-3`, `0`. */
export function formatSigned(value: MaybeNumber, absent = UNKNOWN): string {
  return value !== null && value !== undefined && value > 0 ? `+${value}` : formatNumber(value, absent);
}

/** `3 of 4`; unknown when either number is. */
export function formatOutOf(part: number | null, whole: number | null): string {
  return part === null || whole === null ? UNKNOWN : `${part} of ${whole}`;
}

/** `prompt / completion / total`. */
export function formatTokens(input: number | null, output: number | null): string {
  return `${formatNumber(input)} / ${formatNumber(output)} / ${formatNumber(sumComplete([input, output]))}`;
}

/** Three digits, as in `step_003` and `Step 003`. */
export function formatStep(step: number): string {
  return String(step).padStart(3, '0');
}

const UNITS = ['B', 'KB', 'MB', 'GB'] as const;

/** `980.0 B`, `12.3 KB`, `MB` or `GB` in steps of 1024, with one decimal place. */
export function formatBytes(value: MaybeNumber, absent = UNKNOWN): string {
  if (value === null || value === undefined) return absent;
  let [shown, unit] = [value, 0];
  // 1023.95 would print as 1024.0 of the smaller unit.
  while (shown >= 1023.95 && unit < UNITS.length - 1) {
    shown /= 1024;
    unit += 1;
  }
  return `${shown.toFixed(1)} ${UNITS[unit] ?? 'GB'}`;
}

/** `$1.25` */
export function formatUsd(value: MaybeNumber, decimals = 2, absent = UNKNOWN): string {
  return value === null || value === undefined ? absent : `$${value.toFixed(decimals)}`;
}

/** Billionths of a dollar as `$0.001250`. */
export function formatNanoUsd(value: MaybeNumber, absent = UNKNOWN): string {
  return formatUsd(value === null || value === undefined ? null : value / 1e9, 6, absent);
}

/** A ratio as `66.7%`, `50%`. */
export function formatPercent(ratio: number): string {
  return `${Number((ratio * 100).toFixed(1))}%`;
}

/** A part of a whole with one decimal place; 100.0% only when part and whole are equal. */
export function formatShare(part: number | null, whole: number | null, absent = UNKNOWN): string {
  if (part === null || whole === null || whole === 0) return absent;
  return `${part === whole ? '100.0' : Math.min(99.9, (part / whole) * 100).toFixed(1)}%`;
}

/** Percent with two decimal places, or more when rounding would move it to the other side of the threshold. */
export function formatPercentNear(value: number, threshold: number, isWithin = value <= threshold): string {
  const rounded = Number(value.toFixed(2));
  return `${rounded <= threshold === isWithin ? rounded : value}%`;
}
