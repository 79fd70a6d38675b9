/** One stream of a child: bytes to text to lines, counted. */
import type { Readable } from 'node:stream';
import { createOutputLineSplitter } from './lines.ts';
import type { OutputStream, ProgramOptions } from './program.ts';

export interface Output {
  readonly bytes: number;
  readonly lines: number;
  /** Resolves when the last byte has been read, every holder of the other end being gone. */
  readonly ended: Promise<void>;
  /** Stops reading and delivers what is still held back. */
  finish(): void;
}

/**
 * Reads until the end. Invalid UTF-8 becomes U+FFFD, also when a character is divided between two chunks. Memory stays
 * bounded because each chunk is worked off before the next is read.
 */
export function readOutput(source: Readable, stream: OutputStream, options: Pick<ProgramOptions, 'onLine' | 'filters'>): Output {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const filters = options.filters?.() ?? [];
  const lines = createOutputLineSplitter((line) => options.onLine?.({ stream, ...line }));
  let bytes = 0;
  let finished = false;

  const ended = new Promise<void>((resolve) => {
    source.once('close', resolve);
    source.once('end', resolve);
  });
  source.on('error', () => source.destroy());
  source.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    lines.push(filters.reduce((text, filter) => filter.push(text), decoder.decode(chunk, { stream: true })));
  });
  return {
    get bytes() {
      return bytes;
    },
    get lines() {
      return lines.count;
    },
    ended,
    finish() {
      if (finished) return;
      finished = true;
      source.destroy();
      // Each filter may still hold something back, and the ones after it have to see that first.
      lines.push(filters.reduce((text, filter) => filter.push(text) + filter.end(), decoder.decode()));
      lines.end();
    },
  };
}

/**
 * Waits until both streams have ended: at most `limitMs`, and no longer than `quietMs` without a byte. A process outside the
 * tree may keep a stream open forever.
 */
export async function drain(
  outputs: readonly Output[],
  { quietMs, limitMs }: { quietMs: number; limitMs: number },
): Promise<void> {
  const startedAt = performance.now();
  const ended = Promise.all(outputs.map((output) => output.ended));
  const bytes = () => outputs.reduce((sum, output) => sum + output.bytes, 0);
  for (let before = -1; before !== bytes() && performance.now() - startedAt < limitMs;) {
    before = bytes();
    if (await endsWithin(ended, quietMs)) return;
  }
}

function endsWithin(ended: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // After a stall of this process the timer comes due before the streams are read again: give them that turn first.
  const timer = setTimeout(() => setImmediate(resolve, false), ms);
  void ended.then(() => {
    clearTimeout(timer);
    return resolve(true);
  });
  return promise;
}
