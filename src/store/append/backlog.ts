/** What waits for a file that cannot be written: whole lines in order, the first of them perhaps half written. */

const NEWLINE = 10;

export class BacklogBlock {
  bytes: Buffer;
  /** How many of `bytes` are in the file. */
  written: number;
  /** The file's size when they did. */
  fileSize: number;

  constructor(bytes: Buffer, done: number, end: number) {
    this.bytes = bytes;
    this.written = done;
    this.fileSize = end;
  }

  /**
   * Another process has written behind our fragment, so the rest would be a line of its own: the line begins again after a newline.
   * Returns by how many bytes the block has grown.
   */
  restart(): number {
    const before = this.bytes.length;
    const line = this.written === 0 ? 0 : this.bytes.lastIndexOf(NEWLINE, this.written - 1) + 1;
    this.bytes = Buffer.concat([Buffer.of(NEWLINE), this.bytes.subarray(line)]);
    this.written = 0;
    return this.bytes.length - before;
  }
}

export class Backlog {
  readonly #blocks: BacklogBlock[] = [];
  /** Lines that found no room. */
  lost = { count: 0, bytes: 0 };
  /** Why the last write failed: an error code. */
  reason = '';

  /** Blocks and counts that wait. */
  get size(): number {
    return this.#blocks.length + (this.lost.count === 0 ? 0 : 1);
  }

  get first(): BacklogBlock | undefined {
    return this.#blocks[0];
  }

  get lines(): number {
    return this.#blocks.reduce((sum, { bytes }) => sum + lineCount(bytes), 0);
  }

  add(bytes: Buffer, done: number, end: number, reason: string): void {
    this.#blocks.push(new BacklogBlock(bytes, done, end));
    this.reason = reason;
  }

  /** Counts lines as lost; returns how many. */
  drop(bytes: Uint8Array, reason: string): number {
    const count = lineCount(bytes);
    this.lost.count += count;
    this.lost.bytes += bytes.length;
    this.reason = reason;
    return count;
  }

  clearLost(): void {
    this.lost = { count: 0, bytes: 0 };
  }

  shift(): void {
    this.#blocks.shift();
  }
}

function lineCount(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
