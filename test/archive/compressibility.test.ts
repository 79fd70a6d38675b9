import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { packBlock, unpackBlock } from '../../src/archive/format/block.ts';
import { isIncompressible } from '../../src/archive/format/compressibility.ts';

const MB = 1 << 20;
const text = Buffer.from(Array.from({ length: 90_000 }, (_, at) => `line ${at}`).join('\n')).subarray(0, MB);

test('noise and compressed data are incompressible; text, binaries and mixed blocks are not', () => {
  const mixed = randomBytes(MB);
  text.copy(mixed, 0, 0, MB / 4);
  const binary = randomBytes(MB).map((byte) => byte & 0x7f);
  assert.equal(isIncompressible(randomBytes(MB)), true);
  assert.equal(isIncompressible(gzipSync(randomBytes(MB).map((byte) => byte & 0x3f)).subarray(1000)), true);
  assert.equal(isIncompressible(text), false);
  assert.equal(isIncompressible(Buffer.from(binary)), false);
  assert.equal(isIncompressible(mixed), false);
  assert.equal(isIncompressible(randomBytes(4096)), false);
  assert.equal(isIncompressible(Buffer.alloc(0)), false);
});

test('every block unpacks to its original bytes, compressible or not, full or empty', async () => {
  for (const data of [randomBytes(MB), text, randomBytes(MB - 1), Buffer.alloc(MB), Buffer.alloc(0), Buffer.from('x')]) {
    const member = Buffer.concat(await packBlock(data, 5));
    assert.ok((await unpackBlock(member)).equals(data));
    assert.ok(member.length <= data.length + 4096);
  }
});
