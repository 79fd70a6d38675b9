/** Reading by ranges, whatever the source does. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readChunks, readRange, sha256Of } from '../../../src/store/index.ts';
import { createMemoryBytes } from '../memory-bytes.ts';

test('every range is returned whole, however short the reads are', async () => {
  const data = Buffer.from(Array.from({ length: 500 }, (_, at) => at % 251));
  await fc.assert(
    fc.asyncProperty(fc.nat(600), fc.nat(600), fc.integer({ min: 1, max: 700 }), async (offset, length, most) => {
      const found = await readRange(createMemoryBytes(data, { maxReadBytes: most }), offset, length);
      assert.ok(found.equals(data.subarray(offset, offset + length)));
    }),
  );
});

test('chunks are bounded and add up to the range', async () => {
  const data = Buffer.alloc(300_000, 'abc');
  const pieces: Buffer[] = [];
  for await (const piece of readChunks(createMemoryBytes(data), 7, 290_001)) pieces.push(piece);
  assert.ok(pieces.every((piece) => piece.length <= 64 * 1024));
  assert.ok(Buffer.concat(pieces).equals(data.subarray(7, 290_001)));
  assert.equal(await sha256Of(createMemoryBytes(data, { maxReadBytes: 999 }), 100_000), sha256(data.subarray(0, 100_000)));
});

test('a source that ends early ends the read, and one that returns too much shifts nothing', async () => {
  const data = Buffer.from('0123456789');
  assert.equal((await readRange(createMemoryBytes(data, { size: 2 ** 50 }), 4, 1000)).toString(), '456789');
  assert.equal(await sha256Of(createMemoryBytes(data, { size: 2 ** 50 })), sha256(data));
  const generous = { size: 10, read: async (offset: number) => data.subarray(offset) };
  assert.equal((await readRange(generous, 2, 3)).toString(), '234');
});

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
