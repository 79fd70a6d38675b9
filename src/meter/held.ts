/** Keeps the beginning of a body, up to a limit, while the body goes on its way. */
export class HeldBytes {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #whole = true;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False once something did not fit. */
  get whole(): boolean {
    return this.#whole;
  }

  push(chunk: Buffer): void {
    const room = this.#limit - this.#size;
    if (chunk.length > room) this.#whole = false;
    if (room <= 0) return;
    this.#chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    this.#size += Math.min(chunk.length, room);
  }

  bytes(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }
}
