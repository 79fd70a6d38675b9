/** Wall-clock time as it stands in records: milliseconds, never backwards within a process. */

/** Characters of a time: `2026-11-22T14:15:03.120Z`. */
export const STAMP_LENGTH = 24;
const MILLISECONDS_AT = 20;

export class Clock {
  readonly #now: () => number;
  #latest = 0;
  readonly #text = new Uint8Array(STAMP_LENGTH);
  #textOf = -1;
  /** The second that stands in #text. */
  #second = -1;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Milliseconds since 1970. When the clock is set back, time stands still until it has caught up. */
  read(): number {
    const now = this.#now();
    if (now > this.#latest) this.#latest = now;
    return this.#latest;
  }

  /** ISO 8601, UTC, milliseconds, `Z`, as bytes that the next call may change. */
  format(ms: number): Uint8Array {
    const text = this.#text;
    if (ms === this.#textOf) return text;
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) {
      text.set(Buffer.from(new Date(second * 1000).toISOString(), 'latin1'));
      this.#second = second;
    }
    const rest = ms - second * 1000;
    text[MILLISECONDS_AT] = 48 + ((rest / 100) | 0);
    text[MILLISECONDS_AT + 1] = 48 + (((rest / 10) | 0) % 10);
    text[MILLISECONDS_AT + 2] = 48 + (rest % 10);
    this.#textOf = ms;
    return text;
  }
}
