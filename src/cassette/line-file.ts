/** A file to which whole lines are appended, each by one write before the call returns, so that a killed process loses none. */
import type { Disk } from '../store.ts';

const NEWLINE = Buffer.from('\n');

export class LineFile {
  readonly #disk: Disk;
  #fd: number | null = null;
  /** A line that was begun and not finished stands at the end. */
  #torn = false;
  #bytes = 0;

  /** Creates the file. One that cannot be created takes no lines. */
  constructor(path: string, disk: Disk) {
    this.#disk = disk;
    try {
      this.#fd = disk.open(path);
    } catch {
      // Every line will be counted as not written.
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Appends a line with its newline; false when it did not get there whole. */
  append(line: Buffer): boolean {
    if (this.#fd === null) return false;
    try {
      // A reader passes over the fragment.
      if (this.#torn) this.#write(this.#fd, NEWLINE);
      this.#write(this.#fd, line);
      return true;
    } catch {
      return false;
    }
  }

  /** True when everything appended is durable. */
  close(): boolean {
    if (this.#fd === null) return false;
    const fd = this.#fd;
    this.#fd = null;
    try {
      this.#disk.sync(fd);
      return true;
    } catch {
      return false;
    } finally {
      this.#disk.close(fd);
    }
  }

  #write(fd: number, bytes: Buffer): void {
    for (let done = 0; done < bytes.length;) {
      const wrote = this.#disk.write(fd, bytes, done, bytes.length - done);
      done += wrote;
      this.#bytes += wrote;
      this.#torn = done < bytes.length;
      if (wrote === 0) throw new Error('the disk takes nothing');
    }
  }
}
