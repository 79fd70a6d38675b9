/** Puts lines that come from several files of a live run into the order of their writers. */
import type { ReadItem } from './read.ts';

/** A missing number comes within this time, or it was lost. */
const SETTLE_MS = 300;
/** More lines are not held back for one missing number. */
const MOST_HELD = 10_000;

/**
 * Two files of a live run are never looked at in the same instant, so line 11 may be found before line 10. Lines after a
 * hole wait until the hole is filled, or until it has had its time.
 */
export class SeqOrder {
  readonly #now: () => number;
  readonly #lastSeq = new Map<string, number>();
  #held: ReadItem[] = [];
  #heldSince = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Takes the next line as found; gives the lines whose turn it is. */
  push(item: ReadItem): ReadItem[] {
    if (this.#held.length === 0) {
      if (this.#isNext(item)) return [this.#given(item)];
      this.#heldSince = this.#now();
    }
    this.#held.push(item);
    if (this.#held.length > MOST_HELD) return this.flush();
    return this.#fillsHole(item) ? this.#release() : [];
  }

  /** Lines that have waited long enough for what is missing before them. */
  due(): ReadItem[] {
    return this.#held.length > 0 && this.#now() - this.#heldSince >= SETTLE_MS ? this.flush() : [];
  }

  /** Everything held back, in order. */
  flush(): ReadItem[] {
    const all = this.#sorted();
    this.#held = [];
    for (const item of all) this.#given(item);
    return all;
  }

  #isNext(item: ReadItem): boolean {
    const place = placeOf(item);
    if (place === null) return true;
    const last = this.#lastSeq.get(place.writer);
    return last === undefined ? true : place.seq <= last + 1;
  }

  #fillsHole(item: ReadItem): boolean {
    const place = placeOf(item);
    return place !== null && this.#lastSeq.get(place.writer) === place.seq - 1;
  }

  #release(): ReadItem[] {
    const sorted = this.#sorted();
    const upTo = sorted.findIndex((item) => {
      if (!this.#isNext(item)) return true;
      this.#given(item);
      return false;
    });
    const ready = upTo === -1 ? sorted : sorted.slice(0, upTo);
    this.#held = upTo === -1 ? [] : sorted.slice(upTo);
    this.#heldSince = this.#now();
    return ready;
  }

  /** Held lines with the lines of each writer by number; what has no number keeps its place. */
  #sorted(): ReadItem[] {
    const bySeq = new Map<string, ReadItem[]>();
    for (const item of this.#held) {
      const writer = placeOf(item)?.writer;
      if (writer === undefined) continue;
      const list = bySeq.get(writer);
      if (list === undefined) bySeq.set(writer, [item]);
      else list.push(item);
    }
    for (const list of bySeq.values()) list.sort((a, b) => (placeOf(b)?.seq ?? 0) - (placeOf(a)?.seq ?? 0));
    return this.#held.map((item) => bySeq.get(placeOf(item)?.writer ?? '')?.pop() ?? item);
  }

  #given(item: ReadItem): ReadItem {
    const place = placeOf(item);
    if (place !== null) this.#lastSeq.set(place.writer, Math.max(place.seq, this.#lastSeq.get(place.writer) ?? 0));
    return item;
  }
}

function placeOf(item: ReadItem): { writer: string; seq: number } | null {
  if (!('record' in item)) return null;
  const { writer, seq } = item.record;
  return writer === undefined || seq === undefined ? null : { writer, seq };
}
