/** Wall-clock time as it stands in records: milliseconds, never backwards within a process. */
export class Clock {
  readonly #now: () => number;
  #latest = 0;
  #second = -1;
  /** `2026-11-22T14:15:03.`, for the second in #second. */
  #prefix = '';
  #text = '';
  #textOf = -1;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Milliseconds since 1970. When the clock is set back, time stands still until it has caught up. */
  read(): number {
    const now = this.#now();
    if (now > this.#latest) this.#latest = now;
    return this.#latest;
  }

  /** ISO 8601, UTC, milliseconds, `Z`. */
  format(ms: number): string {
    if (ms === this.#textOf) return this.#text;
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) {
      this.#prefix = new Date(second * 1000).toISOString().slice(0, 20);
      this.#second = second;
    }
    this.#text = `${this.#prefix}${String(ms - second * 1000).padStart(3, '0')}Z`;
    this.#textOf = ms;
    return this.#text;
  }
}
