/** Counts, sizes, money and shares. What was not measured shows as the mark `absent`, never as 0. */
import { sumComplete } from './sum.ts';

/** The mark in sentences and reports. */
export const UNKNOWN = 'unknown';
/** The mark in tables and lists of a terminal. */
export const DASH = '-';

/** Null and undefined: not measured. */
type MaybeNumber = number | null | undefined;

/** Digits alone: `12345678`. */
export function figure(value: MaybeNumber, absent = UNKNOWN): string {
  return value === null || value === undefined ? absent : String(value);
}

/** `1,234,567` */
export function count(value: MaybeNumber, absent = UNKNOWN): string {
  return value === null || value === undefined ? absent : value.toLocaleString('en-US');
}

/** `12.3k`, `456M`: at most five characters. */
export function shortCount(value: MaybeNumber, absent = UNKNOWN): string {
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

/** The form of the noun that goes with `value`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return value === 1 ? one : many;
}

/** `1 call`, `2 calls`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${value} ${plural(value, one, many)}`;
}

/** `1 call`, `1,234 calls`. */
export function countOf(value: number, one: string): string {
  return `${count(value)} ${plural(value, one)}`;
}

/** `+120`, `-3`, `0`. */
export function signed(value: MaybeNumber, absent = UNKNOWN): string {
  return value !== null && value !== undefined && value > 0 ? `+${value}` : figure(value, absent);
}

/** `3 of 4`; unknown when either is. */
export function outOf(part: number | null, whole: number | null): string {
  return part === null || whole === null ? UNKNOWN : `${part} of ${whole}`;
}

/** prompt / completion / total. */
export function tokens(input: number | null, output: number | null): string {
  return `${figure(input)} / ${figure(output)} / ${figure(sumComplete([input, output]))}`;
}

/** `step_003` and `Step 003` use the same digits. */
export function stepNumber(step: number): string {
  return String(step).padStart(3, '0');
}

const UNITS = ['B', 'KB', 'MB', 'GB'] as const;

/** `980.0 B`, `12.3 KB`, `MB` or `GB` of 1024, with one decimal. */
export function bytes(value: MaybeNumber, absent = UNKNOWN): string {
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
export function usd(value: MaybeNumber, decimals = 2, absent = UNKNOWN): string {
  return value === null || value === undefined ? absent : `$${value.toFixed(decimals)}`;
}

/** Billionths of a dollar as `$0.001250`. */
export function nanoUsd(value: MaybeNumber, absent = UNKNOWN): string {
  return usd(value === null || value === undefined ? null : value / 1e9, 6, absent);
}

/** A ratio as `66.7%`, `50%`. */
export function percent(ratio: number): string {
  return `${Number((ratio * 100).toFixed(1))}%`;
}

/** A part of a whole, always with one decimal; 100.0% only when nothing is missing. */
export function percentOf(part: number | null, whole: number | null, absent = UNKNOWN): string {
  if (part === null || whole === null || whole === 0) return absent;
  return `${part === whole ? '100.0' : Math.min(99.9, (part / whole) * 100).toFixed(1)}%`;
}

/** Percent with two decimals, or with as many as tell on which side of the threshold it is. */
export function percentAgainst(value: number, threshold: number, isWithin = value <= threshold): string {
  const rounded = Number(value.toFixed(2));
  return `${rounded <= threshold === isWithin ? rounded : value}%`;
}
