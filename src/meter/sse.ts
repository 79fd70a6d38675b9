/** An event larger than this is passed on in pieces, which nobody can read. */
const LARGEST_EVENT = 32 * 1024 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = Buffer.alloc(0);

/** Where the byte comes next; the chunk's length when it does not. */
function find(chunk: Buffer, byte: number, from: number): number {
  const at = chunk.indexOf(byte, from);
  return at < 0 ? chunk.length : at;
}

/**
 * Cuts a server-sent event stream into events, keeping every byte: the pieces put together are the input.
 *
 * A piece ends after the blank line that ends its event. Line ends may be LF, CRLF or CR, mixed; borders of chunks may
 * lie anywhere, within a character or between CR and LF.
 */
export class EventSplitter {
  #held: Buffer[] = [];
  #bytes = 0;
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
    // Every byte of every stream passes here: only the ends of lines are looked at.
    let lf = find(chunk, LF, 0);
    let cr = find(chunk, CR, 0);
    let at = 0;
    while (at < chunk.length) {
      const end = Math.min(lf, cr);
      if (this.#closing) {
        this.#closing = false;
        this.#afterCr = at !== lf;
        cut(at === lf ? at + 1 : at);
        if (at === lf) {
          at += 1;
          lf = find(chunk, LF, at);
          continue;
        }
      }
      if (end > at) {
        this.#afterCr = false;
        this.#atLineStart = false;
        at = end;
        continue;
      }
      at += 1;
      if (end === lf) {
        lf = find(chunk, LF, at);
        if (this.#afterCr) this.#afterCr = false;
        else if (this.#atLineStart) cut(at);
        else this.#atLineStart = true;
      } else {
        cr = find(chunk, CR, at);
        this.#afterCr = true;
        if (this.#atLineStart) this.#closing = true;
        else this.#atLineStart = true;
      }
    }
    if (from < chunk.length) {
      this.#held.push(from === 0 ? chunk : chunk.subarray(from));
      this.#bytes += chunk.length - from;
      if (this.#bytes > LARGEST_EVENT) events.push(this.#take(NOTHING));
    }
    return events;
  }

  /** Returns what is left when the stream has ended, possibly an event without its blank line. */
  end(): Buffer {
    return this.#take(NOTHING);
  }

  #take(last: Buffer): Buffer {
    const event = this.#held.length === 0 ? last : Buffer.concat([...this.#held, last]);
    this.#held = [];
    this.#bytes = 0;
    return event;
  }
}
