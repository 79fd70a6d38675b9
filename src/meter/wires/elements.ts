/** An object larger than this is not held. */
const MOST_BYTES = 32 * 1024 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** Finds the objects of one JSON list, each as soon as it is whole; a single object is taken for a list of one. */
export class ElementSplitter {
  #held: Buffer[] = [];
  #bytes = 0;
  #depth = 0;
  /** Depth of the elements: 1 in a list, 0 when the text begins with an object; null before it begins. */
  #level: number | null = null;
  #inString = false;
  #escaped = false;

  /** Returns the objects that this chunk completes. */
  push(chunk: Buffer): Buffer[] {
    const elements: Buffer[] = [];
    let from = this.#level !== null && this.#depth > this.#level ? 0 : -1;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) {
        this.#inString = true;
      } else if (OPENING.has(byte)) {
        this.#level ??= byte === 0x5b ? 1 : 0;
        if (this.#depth === this.#level) from = at;
        this.#depth += 1;
      } else if (CLOSING.has(byte) && this.#depth > 0) {
        this.#depth -= 1;
        if (this.#depth === this.#level && from >= 0) {
          this.#hold(chunk.subarray(from, at + 1));
          elements.push(...this.#take());
          from = -1;
        }
      }
    }
    if (from >= 0) this.#hold(chunk.subarray(from));
    return elements;
  }

  #hold(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > MOST_BYTES) this.#held = [];
    else this.#held.push(part);
  }

  #take(): Buffer[] {
    const whole = this.#bytes <= MOST_BYTES ? [Buffer.concat(this.#held)] : [];
    this.#held = [];
    this.#bytes = 0;
    return whole;
  }
}
