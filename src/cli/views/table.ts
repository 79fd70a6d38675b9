/** Tables for people. */
import { cut, pad, widthOf } from '../../terminal/index.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** Longer cells are cut. */
  readonly most?: number;
}

function line(cells: readonly string[]): string {
  return cells.join('  ').trimEnd();
}

/** Lines of a table, columns as wide as their widest cell, two blanks between. `paint` colors a padded cell. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  paint: (cell: string, row: number, column: number) => string = (cell) => cell,
): string[] {
  const shown = rows.map((row) => columns.map((column, index) => cut(row[index] ?? '', column.most ?? Number.MAX_SAFE_INTEGER)));
  const widths = columns.map((column, index) =>
    Math.max(widthOf(column.title), ...shown.map((row) => widthOf(row[index] ?? ''))),
  );
  const filled = (text: string, index: number): string =>
    pad(text, widths[index] ?? 0, columns[index]?.align === 'right' ? 'left' : 'right');
  return [
    line(columns.map((column, index) => filled(column.title, index))),
    ...shown.map((row, at) => line(row.map((cell, index) => paint(filled(cell, index), at, index)))),
  ];
}
