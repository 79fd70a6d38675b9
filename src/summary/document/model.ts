/**
 * The parts of a report, independent of the output format. Content is built once from the summary; layout, and the escaping of
 * text from logs, belong to the printers.
 */

/** `own`: words of stepwell alone, printed as they are. A list is joined by semicolons. What may come from a log is a plain string. */
export type Value = string | readonly string[] | { readonly own: string } | { readonly code: string };

export interface Fact {
  /** In Title Case, or a name that programs know; null for a sentence among facts. */
  readonly label: string | { readonly code: string } | null;
  readonly value: Value;
  /** Of the fact before: as a dashed item, something of such an item, or only set in. */
  readonly under?: 'item' | 'detail' | 'inset';
  /** Lines that it may take where lines are short; default 1, the rest is cut. */
  readonly lines?: number;
  /** A status of a run or state of a reconciliation, whose color it has where there are colors. */
  readonly status?: string;
}

/** A figure that has not been put into words: printers differ in how they write it. */
export type Figure = number | string | null | { readonly signed: number | null };

export type Block =
  /** `heads` where they are printed as a table; default Fact and Value. */
  | { readonly kind: 'facts'; readonly facts: readonly Fact[]; readonly heads?: readonly [string, string] }
  /** Figures side by side; the corner is the title of the labels, where it is shown. */
  | {
      readonly kind: 'figures';
      readonly corner: string;
      readonly heads: readonly string[];
      readonly rows: readonly { readonly label: string; readonly cells: readonly Figure[] }[];
    }
  | { readonly kind: 'table'; readonly heads: readonly string[]; readonly rows: readonly (readonly Value[])[] }
  | { readonly kind: 'list'; readonly lead: string; readonly items: readonly string[] }
  /** Output, line by line as it came. */
  | { readonly kind: 'code'; readonly lead: string; readonly lines: readonly string[] }
  /** A sentence, and text that follows it. */
  | { readonly kind: 'note'; readonly text: Value; readonly after?: Value; readonly strong?: boolean };

export type BlockOf<K extends Block['kind']> = Extract<Block, { kind: K }>;

export interface Section {
  readonly title: Value;
  /** 1 is the title of the whole; default 2. */
  readonly level?: 1 | 2 | 3;
  readonly blocks: readonly Block[];
}

/** Facts of which some may be absent. */
export function facts(...all: readonly (Fact | null)[]): BlockOf<'facts'> {
  return { kind: 'facts', facts: all.filter((one) => one !== null) };
}

/** Absent without a value. */
export function fact(label: Fact['label'], value: Value | null, how: Pick<Fact, 'under' | 'lines' | 'status'> = {}): Fact | null {
  return value === null ? null : { label, value, ...how };
}

export function item(label: Fact['label'], value: Value | null, lines = 1): Fact | null {
  return fact(label, value, { under: 'item', lines });
}

export function note(text: Value, how: Omit<BlockOf<'note'>, 'kind' | 'text'> = {}): Block {
  return { kind: 'note', text, ...how };
}

/** An empty line in text. */
export const BLANK_LINE = note('');

/** As many of `all` as are listed, and where there are more, what is said of the number left. */
export function limitedFacts<T>(
  all: readonly T[],
  most: number,
  show: (one: T) => Fact | null,
  rest: (left: number) => Fact | null,
): (Fact | null)[] {
  return [...all.slice(0, most).map(show), all.length > most ? rest(all.length - most) : null];
}

/** @param write how a number is written, and what is unknown */
export function figureText(cell: Figure, write: (value: number | null) => string): string {
  if (typeof cell === 'string') return cell;
  if (typeof cell !== 'object' || cell === null) return write(cell);
  return `${(cell.signed ?? 0) > 0 ? '+' : ''}${write(cell.signed)}`;
}

/** The words alone. */
export function plainText(value: Value): string {
  if (typeof value === 'string') return value;
  if ('own' in value) return value.own;
  return 'code' in value ? value.code : value.join('; ');
}
