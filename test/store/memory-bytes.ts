/** Bytes in memory as a source: as a store behind a network could give them, in short reads, or failing in the middle. */
import type { OpenBytes } from '../../src/store/index.ts';

export interface MemoryBytes extends OpenBytes {
  /** Whether it was disposed of. */
  isClosed: boolean;
}

/**
 * @param most bytes that one read gives
 * @param failAt reads that reach this byte are rejected, as by a connection that was lost
 * @param size what the source says of itself, if not the truth
 */
export function createMemoryBytes(
  data: Buffer,
  options: { maxReadBytes?: number; failAt?: number; size?: number } = {},
): MemoryBytes {
  const { maxReadBytes: most = Infinity, failAt = Infinity, size = data.length } = options;
  return {
    size,
    isClosed: false,
    async read(offset, length) {
      const end = offset + Math.min(length, most);
      if (end > failAt) throw Object.assign(new Error('connection lost'), { code: 'ECONNRESET' });
      return data.subarray(offset, end);
    },
    async [Symbol.asyncDispose]() {
      this.isClosed = true;
    },
  };
}
