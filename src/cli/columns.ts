/** Figures and tables for people. A figure that was not measured is a dash. */
import { cut, pad, widthOf } from './width.ts';

export const ABSENT = '-';

/** `1,234,567`, or a dash. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? ABSENT : value.toLocaleString('en-US');
}

/** `1 call`, `1,200 calls`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `12.3k`, `456M`: at most five characters. */
export function shortCount(value: number | null | undefined): string {
  if (value === null || value === undefined) return ABSENT;
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    // 999,950 would round to 1000.0k.
    if (value >= size * 0.99995) return `${(value / size).toFixed(value >= size * 99.95 ? 0 : 1)}${unit}`;
  }
  return String(value);
}

/** `980 B`, `12.3 KB`, `4.0 GB`; units of 1,000. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return ABSENT;
  if (value < 1000) return `${value} B`;
  let [size, unit] = [value / 1000, 0];
  while (size >= 999.95 && unit < 3) [size, unit] = [size / 1000, unit + 1];
  return `${size.toFixed(1)} ${['KB', 'MB', 'GB', 'TB'][unit] ?? 'TB'}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** `4.2s`, `1m 05s`, `2h 07m`; a dash when not measured. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return ABSENT;
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
}

/** `2026-11-22 14:15:03`, UTC; what is no time is shown as it is. */
export function time(iso: string | null | undefined): string {
  if (iso === null || iso === undefined) return ABSENT;
  const at = Date.parse(iso);
  return Number.isNaN(at) ? iso : new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** Longer cells are cut. */
  readonly most?: number;
}

function line(cells: readonly string[]): string {
  return cells.join('  ').trimEnd();
}

/** Lines of a table, columns as wide as their widest cell, two blanks between. `paint` colours a padded cell. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  paint: (cell: string, row: number, column: number) => string = (cell) => cell,
): string[] {
  const shown = rows.map((row) => columns.map((column, index) => cut(row[index] ?? '', column.most ?? Number.MAX_SAFE_INTEGER)));
  const widths = columns.map((column, index) => Math.max(column.title.length, ...shown.map((row) => widthOf(row[index] ?? ''))));
  const filled = (text: string, index: number): string =>
    pad(text, widths[index] ?? 0, columns[index]?.align === 'right' ? 'left' : 'right');
  return [
    line(columns.map((column, index) => filled(column.title, index))),
    ...shown.map((row, at) => line(row.map((cell, index) => paint(filled(cell, index), at, index)))),
  ];
}
