/** Puts lines that come from several files of a live run into the order of their writers. */
import { placeOf, type ReadItem } from './records.ts';

/** A missing number comes within this time, or it was lost. */
const SETTLE_MS = 300;
/** More lines are not held back for one missing number. */
const MOST_HELD = 10_000;

interface SeqNumber {
  readonly writer: string;
  readonly seq: number;
}

interface Found<T> {
  readonly item: T;
  /** A line without a number has that of the line before it in its file: it comes right after it. Null when there is none. */
  readonly number: SeqNumber | null;
}

/**
 * Two files of a live run are never looked at in the same instant, so line 11 may be found before line 10. Lines after a
 * hole wait until the hole is filled, or until it has had its time.
 */
export class SeqOrder<T extends ReadItem = ReadItem> {
  readonly #now: () => number;
  readonly #lastGiven = new Map<string, number>();
  readonly #lastOfFile = new Map<string, SeqNumber>();
  #held: Found<T>[] = [];
  #heldSince = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Takes the next line as found; gives the lines whose turn it is. */
  push(item: T): T[] {
    const found = { item, number: this.#numberOf(item) };
    if (this.#held.length === 0) {
      if (this.#isNext(found)) return [this.#given(found)];
      this.#heldSince = this.#now();
    }
    this.#held.push(found);
    if (this.#held.length > MOST_HELD) return this.flush();
    return this.#fillsHole(found) ? this.#release() : [];
  }

  /** Lines that have waited long enough for what is missing before them. */
  due(): T[] {
    return this.#held.length > 0 && this.#now() - this.#heldSince >= SETTLE_MS ? this.flush() : [];
  }

  /** Everything held back, in order. */
  flush(): T[] {
    const all = this.#sorted();
    this.#held = [];
    return all.map((found) => this.#given(found));
  }

  #numberOf(item: T): SeqNumber | null {
    const { file } = placeOf(item);
    const { writer, seq } = 'record' in item ? item.record : {};
    if (writer === undefined || seq === undefined) return this.#lastOfFile.get(file) ?? null;
    const number = { writer, seq };
    this.#lastOfFile.set(file, number);
    return number;
  }

  #isNext({ number }: Found<T>): boolean {
    const last = number === null ? undefined : this.#lastGiven.get(number.writer);
    return number === null || last === undefined || number.seq <= last + 1;
  }

  #fillsHole({ number }: Found<T>): boolean {
    return number !== null && this.#lastGiven.get(number.writer) === number.seq - 1;
  }

  #release(): T[] {
    const sorted = this.#sorted();
    const ready: T[] = [];
    for (let next = sorted[0]; next !== undefined && this.#isNext(next); next = sorted[ready.length])
      ready.push(this.#given(next));
    this.#held = sorted.slice(ready.length);
    this.#heldSince = this.#now();
    return ready;
  }

  /** Held lines with the lines of each writer by number; what has no number keeps its place. */
  #sorted(): Found<T>[] {
    const byWriter = Map.groupBy(this.#held, ({ number }) => number?.writer ?? null);
    byWriter.delete(null);
    // From the last to the first, to be taken off the end; lines of the same number as they were found.
    for (const lines of byWriter.values()) lines.sort((a, b) => (a.number?.seq ?? 0) - (b.number?.seq ?? 0)).reverse();
    return this.#held.map((found) => byWriter.get(found.number?.writer ?? null)?.pop() ?? found);
  }

  #given({ item, number }: Found<T>): T {
    if (number !== null) this.#lastGiven.set(number.writer, Math.max(number.seq, this.#lastGiven.get(number.writer) ?? 0));
    return item;
  }
}
