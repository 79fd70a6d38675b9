/** Figures and tables for people. A figure that was not measured is a dash. */
import { duration as durationInWords, size } from '../summary.ts';
import { cut, pad, widthOf } from '../terminal.ts';

export const ABSENT = '-';

/** `1,234,567`, or a dash. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? ABSENT : value.toLocaleString('en-US');
}

/** `1 call`, `1,200 calls`. */
export function counted(value: number, noun: string, nouns = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : nouns}`;
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

/** `980.0 B`, `12.3 KB`, as in the summary; a dash when not measured. */
export function bytes(value: number | null | undefined): string {
  return value === null || value === undefined ? ABSENT : size(value);
}

/** `4.2s`, `1m 5s`, `2h 7m`, as in the summary; a dash when not measured. */
export function duration(seconds: number | null | undefined): string {
  return seconds === null || seconds === undefined ? ABSENT : durationInWords(seconds);
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
