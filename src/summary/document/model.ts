/**
 * The parts of a report, independent of the output format. Content is built once from the summary; layout, and the escaping of
 * text from logs, belong to the printers.
 */

/**
 * `trusted`: text written by stepwell alone, printed unchanged. A list is joined by semicolons. Text that may come from a log is a
 * plain string, which the printers escape.
 */
export type Value = string | readonly string[] | { readonly trusted: string } | { readonly code: string };

export interface Fact {
  /** In Title Case, or an identifier; null for a sentence among facts. */
  readonly label: string | { readonly code: string } | null;
  readonly value: Value;
  /** How it belongs to the previous fact: as a list item, as a detail of an item, or only indented. */
  readonly under?: 'item' | 'detail' | 'inset';
  /** Maximum number of lines in text output; default 1, the rest is cut off. */
  readonly lines?: number;
  /** A status of a run or a state of a reconciliation; it decides the color on a terminal. */
  readonly status?: string;
}

/** A figure that is not formatted yet, since each printer formats it differently. */
export type Figure = number | string | null | { readonly signed: number | null };

export type ReportBlock =
  /** `headers` are for formats that print facts as a table; default Fact and Value. */
  | { readonly kind: 'facts'; readonly facts: readonly Fact[]; readonly headers?: readonly [string, string] }
  /** Figures side by side; `labelHeader` is the header of the label column, in formats that show it. */
  | {
      readonly kind: 'figures';
      readonly labelHeader: string;
      readonly headers: readonly string[];
      readonly rows: readonly { readonly label: string; readonly cells: readonly Figure[] }[];
    }
  | { readonly kind: 'table'; readonly headers: readonly string[]; readonly rows: readonly (readonly Value[])[] }
  | { readonly kind: 'list'; readonly lead: string; readonly items: readonly string[] }
  /** Output of a program, line by line, unchanged. */
  | { readonly kind: 'code'; readonly lead: string; readonly lines: readonly string[] }
  /** A sentence, with text after it. */
  | { readonly kind: 'note'; readonly text: Value; readonly after?: Value; readonly strong?: boolean };

export type ReportBlockOf<K extends ReportBlock['kind']> = Extract<ReportBlock, { kind: K }>;

export interface Section {
  readonly title: Value;
  /** 1 is the title of the report; default 2. */
  readonly level?: 1 | 2 | 3;
  readonly blocks: readonly ReportBlock[];
}

/** A block of facts; null entries are left out. */
export function facts(...all: readonly (Fact | null)[]): ReportBlockOf<'facts'> {
  return { kind: 'facts', facts: all.filter((one) => one !== null) };
}

/** Null without a value. */
export function fact(label: Fact['label'], value: Value | null, how: Pick<Fact, 'under' | 'lines' | 'status'> = {}): Fact | null {
  return value === null ? null : { label, value, ...how };
}

export function item(label: Fact['label'], value: Value | null, lines = 1): Fact | null {
  return fact(label, value, { under: 'item', lines });
}

export function note(text: Value, how: Omit<ReportBlockOf<'note'>, 'kind' | 'text'> = {}): ReportBlock {
  return { kind: 'note', text, ...how };
}

/** An empty line in text. */
export const BLANK_LINE = note('');

/** The first `most` of `all`, and if there are more, a fact about how many are left. */
export function limitedFacts<T>(
  all: readonly T[],
  most: number,
  show: (one: T) => Fact | null,
  rest: (left: number) => Fact | null,
): (Fact | null)[] {
  return [...all.slice(0, most).map(show), all.length > most ? rest(all.length - most) : null];
}

/** @param write formats a number, and null as unknown */
export function figureText(cell: Figure, write: (value: number | null) => string): string {
  if (typeof cell === 'string') return cell;
  if (typeof cell !== 'object' || cell === null) return write(cell);
  return `${(cell.signed ?? 0) > 0 ? '+' : ''}${write(cell.signed)}`;
}

/** The text without markup. */
export function plainText(value: Value): string {
  if (typeof value === 'string') return value;
  if ('trusted' in value) return value.trusted;
  return 'code' in value ? value.code : value.join('; ');
}
