/** Puts lines that come from several files of a live run into the order of their writers. */
import { locationOf, type ReadItem } from './records.ts';

/** A missing number comes within this time, or it was lost. */
const GAP_TIMEOUT_MS = 300;
/** More lines are not held back for one missing number. */
const MAX_BUFFERED = 10_000;

interface SeqNumber {
  readonly writer: string;
  readonly seq: number;
}

interface NumberedLine<T> {
  readonly item: T;
  /** A line without a number has that of the line before it in its file: it comes right after it. Null when there is none. */
  readonly number: SeqNumber | null;
}

/**
 * Two files of a live run are never looked at in the same instant, so line 11 may be found before line 10. Lines after a
 * hole wait until the hole is filled, or until it has had its time.
 */
export class ReorderBuffer<T extends ReadItem = ReadItem> {
  readonly #now: () => number;
  readonly #lastDelivered = new Map<string, number>();
  readonly #lastOfFile = new Map<string, SeqNumber>();
  #buffered: NumberedLine<T>[] = [];
  #bufferedSince = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Takes the next line as found; gives the lines whose turn it is. */
  push(item: T): T[] {
    const line = { item, number: this.#numberOf(item) };
    if (this.#buffered.length === 0) {
      if (this.#isNext(line)) return [this.#deliver(line)];
      this.#bufferedSince = this.#now();
    }
    this.#buffered.push(line);
    if (this.#buffered.length > MAX_BUFFERED) return this.flush();
    return this.#fillsGap(line) ? this.#deliverReady() : [];
  }

  /** Lines that have waited long enough for what is missing before them. */
  expired(): T[] {
    return this.#buffered.length > 0 && this.#now() - this.#bufferedSince >= GAP_TIMEOUT_MS ? this.flush() : [];
  }

  /** Everything held back, in order. */
  flush(): T[] {
    const all = this.#sorted();
    this.#buffered = [];
    return all.map((found) => this.#deliver(found));
  }

  #numberOf(item: T): SeqNumber | null {
    const { file } = locationOf(item);
    const { writer, seq } = 'record' in item ? item.record : {};
    if (writer === undefined || seq === undefined) return this.#lastOfFile.get(file) ?? null;
    const number = { writer, seq };
    this.#lastOfFile.set(file, number);
    return number;
  }

  #isNext({ number }: NumberedLine<T>): boolean {
    const last = number === null ? undefined : this.#lastDelivered.get(number.writer);
    return number === null || last === undefined || number.seq <= last + 1;
  }

  #fillsGap({ number }: NumberedLine<T>): boolean {
    return number !== null && this.#lastDelivered.get(number.writer) === number.seq - 1;
  }

  #deliverReady(): T[] {
    const sorted = this.#sorted();
    const ready: T[] = [];
    for (let next = sorted[0]; next !== undefined && this.#isNext(next); next = sorted[ready.length])
      ready.push(this.#deliver(next));
    this.#buffered = sorted.slice(ready.length);
    this.#bufferedSince = this.#now();
    return ready;
  }

  /** Held lines with the lines of each writer by number; what has no number keeps its place. */
  #sorted(): NumberedLine<T>[] {
    const byWriter = Map.groupBy(this.#buffered, ({ number }) => number?.writer ?? null);
    byWriter.delete(null);
    // From the last to the first, to be taken off the end; lines of the same number as they were found.
    for (const lines of byWriter.values()) lines.sort((a, b) => (a.number?.seq ?? 0) - (b.number?.seq ?? 0)).reverse();
    return this.#buffered.map((found) => byWriter.get(found.number?.writer ?? null)?.pop() ?? found);
  }

  #deliver({ item, number }: NumberedLine<T>): T {
    if (number !== null)
      this.#lastDelivered.set(number.writer, Math.max(number.seq, this.#lastDelivered.get(number.writer) ?? 0));
    return item;
  }
}
