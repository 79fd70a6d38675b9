import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createKeyMask } from '../../src/meter/mask.ts';

const KEY = 'aab-aab-aac';

function masked(chunks: readonly Buffer[]): string {
  const mask = createKeyMask(KEY);
  return Buffer.concat([...chunks.map((chunk) => mask.push(chunk)), mask.end()]).toString();
}

test('property: the key is covered wherever chunk borders lie, and no other byte changes', () => {
  const piece = fc.oneof(fc.constant(KEY), fc.constantFrom('a', 'aab', 'aab-aab-', 'ü', '\n\n', '{"x":1}'));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(60), { maxLength: 8 }), (pieces, cuts) => {
      const bytes = Buffer.from(pieces.join(''));
      const borders = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const chunks = borders.slice(1).map((to, at) => bytes.subarray(borders[at], to));
      assert.equal(masked(chunks), bytes.toString().replaceAll(KEY, '*'.repeat(KEY.length)));
      assert.equal(bytes.toString(), pieces.join(''), 'the bytes handed in stay as they are');
    }),
  );
});

test('a chunk whose end cannot begin the key goes on at once and whole', () => {
  const mask = createKeyMask(KEY);
  assert.equal(mask.push(Buffer.from('data: aab\n\n')).toString(), 'data: aab\n\n');
  assert.equal(mask.push(Buffer.from('data: aab-')).toString(), 'data: ');
  assert.equal(mask.push(Buffer.from('x')).toString(), 'aab-x');
});

test('without a key, or with one too short to be one, nothing changes', () => {
  for (const key of [null, 'a']) {
    const mask = createKeyMask(key);
    assert.equal(mask.push(Buffer.from('aaa')).toString(), 'aaa');
    assert.deepEqual(mask.headers({ a: 'a' }), { a: 'a' });
  }
});
