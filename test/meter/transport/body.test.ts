import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedBuffer } from '../../../src/meter/transport/body.ts';

test('a bounded buffer keeps the beginning up to its limit, wherever chunks end', () => {
  for (const pieces of [['abcdef'], ['ab', 'cdef'], ['abcd', 'ef'], ['abc', '', 'd', 'e', 'f']]) {
    const held = new BoundedBuffer(4);
    for (const piece of pieces) held.push(Buffer.from(piece));
    assert.deepEqual([String(held.bytes()), held.complete], ['abcd', false]);
  }
  const exact = new BoundedBuffer(4);
  exact.push(Buffer.from('abcd'));
  assert.deepEqual([String(exact.bytes()), exact.complete], ['abcd', true]);
});
