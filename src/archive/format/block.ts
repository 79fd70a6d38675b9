/**
 * One gzip member of the archive. Concatenated members are one gzip file to every program; ours are of bounded size, independent
 * of each other, and carry their own length in the header's extra field (as BGZF does), so a reader can step over them
 * and several threads can work on them. The header is written here, not by zlib, whose OS byte depends on the machine.
 */
import { gunzip, gzip } from 'node:zlib';
import { isIncompressible } from './compressibility.ts';

/** Uncompressed bytes of a member at most. */
export const BLOCK_BYTES = 1 << 20;
/** Fixed part 10, extra length 2, subfield head 4, length 4. */
export const BLOCK_HEADER = 20;
const SHORTEST = BLOCK_HEADER + 2 + 8;
/** What zlib puts before the compressed data; ours takes its place. */
const ZLIB_HEADER = 10;
/** What deflate adds at most to a block that it cannot shrink, with header and trailer. */
const LONGEST_FRAME = 4096;
const LONGEST = BLOCK_BYTES + LONGEST_FRAME;
/** gzip, deflate, FEXTRA, no time, no hint, OS unknown, 8 bytes of extra, subfield `SW` of 4 bytes. */
const FIXED = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 8, 0, 0x53, 0x57, 4, 0]);

/** Compresses at most {@link BLOCK_BYTES} on zlib's thread pool. Resolves with the member's pieces in order. */
export function packBlock(data: Buffer, level: number): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    // With a chunk as large as the block zlib answers once; the default of 16 KiB comes back to this thread 64 times.
    gzip(data, { level: isIncompressible(data) ? 0 : level, chunkSize: BLOCK_BYTES + LONGEST_FRAME }, (error, member) => {
      if (error !== null) return reject(error);
      const rest = member.subarray(ZLIB_HEADER);
      const header = Buffer.alloc(BLOCK_HEADER);
      FIXED.copy(header);
      header.writeUInt32LE(BLOCK_HEADER + rest.length, FIXED.length);
      resolve([header, rest]);
    });
  });
}

/** Length of the member that begins with these 20 bytes, or null when they are not the head of a member of ours. */
export function blockLength(header: Buffer): number | null {
  if (header.length < BLOCK_HEADER || !header.subarray(0, FIXED.length).equals(FIXED)) return null;
  const length = header.readUInt32LE(FIXED.length);
  return length >= SHORTEST && length <= LONGEST ? length : null;
}

/** The content of one complete member. Rejects with a plain Error that gives the reason. */
export function unpackBlock(member: Buffer): Promise<Buffer> {
  const bytes = member.readUInt32LE(member.length - 4);
  if (bytes > BLOCK_BYTES) return Promise.reject(new Error('a block claims more than its limit'));
  return new Promise((resolve, reject) => {
    const options = { chunkSize: Math.max(64, bytes + 1), maxOutputLength: Math.max(1, bytes), info: true };
    gunzip(member, options, (error, result) => {
      if (error !== null) return reject(new Error(`its compressed data are broken (${error.message})`));
      // With `info` the callback gets the engine beside the buffer, which the type does not say.
      const { buffer, engine } = result as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
      const complete = engine.bytesWritten === member.length && buffer.length === bytes;
      if (!complete) return reject(new Error('a block ends before its length'));
      resolve(buffer);
    });
  });
}
