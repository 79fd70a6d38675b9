/**
 * Cuts a server-sent event stream into events, keeping every byte: the pieces put together are the input.
 *
 * A piece ends after the blank line that ends its event. Line ends may be LF, CRLF or CR, mixed; borders of chunks may
 * lie anywhere, within a character or between CR and LF.
 */
export class EventSplitter {
  #held: Buffer[] = [];
  #atLineStart = true;
  #afterCr = false;
  /** A blank line ended in CR; an LF that follows still belongs to it. */
  #closing = false;

  /** Returns the events that this chunk completes, oldest first. */
  push(chunk: Buffer): Buffer[] {
    const events: Buffer[] = [];
    let from = 0;
    const cut = (to: number): void => {
      events.push(this.#take(chunk.subarray(from, to)));
      from = to;
    };
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (this.#closing) {
        this.#closing = false;
        if (byte === 0x0a) {
          this.#afterCr = false;
          cut(at + 1);
          continue;
        }
        cut(at);
      }
      if (byte === 0x0a) {
        if (this.#afterCr) this.#afterCr = false;
        else if (this.#atLineStart) cut(at + 1);
        else this.#atLineStart = true;
      } else if (byte === 0x0d) {
        this.#afterCr = true;
        if (this.#atLineStart) this.#closing = true;
        else this.#atLineStart = true;
      } else {
        this.#afterCr = false;
        this.#atLineStart = false;
      }
    }
    if (from < chunk.length) this.#held.push(chunk.subarray(from));
    return events;
  }

  /** Returns what is left when the stream has ended, possibly an event without its blank line. */
  end(): Buffer {
    return this.#take(Buffer.alloc(0));
  }

  #take(last: Buffer): Buffer {
    const event = this.#held.length === 0 ? last : Buffer.concat([...this.#held, last]);
    this.#held = [];
    return event;
  }
}
