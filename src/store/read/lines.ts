/** Cuts a stream of bytes into lines without ever holding more than one line of it. */

/** No record is longer; what is longer was never written by us and is not kept in memory. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

const NEWLINE = 10;

export interface RawLine {
  /** From 1. */
  readonly number: number;
  /** Without the newline. */
  readonly bytes: number;
  /** Null when the line is longer than the limit. */
  readonly text: string | null;
  /** False for the bytes after the last newline. */
  readonly terminated: boolean;
}

/** Push chunks as they come; each call returns the lines completed by it. */
export class LineSplitter {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #held = 0;
  #number = 0;

  constructor(maxBytes: number = MAX_LINE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): RawLine[] {
    const lines: RawLine[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      lines.push(this.#finish(chunk.subarray(from, at), true));
      from = at + 1;
    }
    if (from < chunk.length) this.#hold(chunk.subarray(from));
    return lines;
  }

  /** The bytes after the last newline, or null when there are none. */
  end(): RawLine | null {
    return this.#held === 0 ? null : this.#finish(Buffer.alloc(0), false);
  }

  #hold(rest: Buffer): void {
    this.#held += rest.length;
    if (this.#held > this.#maxBytes) this.#pieces = [];
    else this.#pieces.push(rest);
  }

  #finish(last: Buffer, terminated: boolean): RawLine {
    const bytes = this.#held + last.length;
    const tooLong = bytes > this.#maxBytes;
    const whole = this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last]);
    this.#pieces = [];
    this.#held = 0;
    this.#number += 1;
    return { number: this.#number, bytes, text: tooLong ? null : whole.toString('utf8'), terminated };
  }
}
