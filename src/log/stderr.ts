/** The way out for records that have no run, and for the mirror of those that have one. */
import { writeSync } from 'node:fs';
import { sanitizeLine } from '../terminal/sanitize.ts';
import { errnoOf } from '../store/errno.ts';

const MAX_TRIES = 50;

/** Writes at once and never throws; a closed stderr swallows the text. */
export function writeStderr(text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0, tries = 0; done < bytes.length && tries < MAX_TRIES;) {
    try {
      done += writeSync(2, bytes, done);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') return;
      // A full pipe whose reader is slow.
      tries += 1;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

/** One line of stepwell's own; what it quotes cannot steer the terminal. */
export function printNotice(text: string): void {
  writeStderr(`stepwell: ${sanitizeLine(text)}\n`);
}
