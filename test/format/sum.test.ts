import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addTo, emptySum, exactTotal, sumComplete, sumKnown, sumSeconds } from '../../src/format/sum.ts';

test('a sum without known values is null, and a sum of a measured 0 is 0', () => {
  assert.equal(sumKnown([]), null);
  assert.equal(sumKnown([null, undefined]), null);
  assert.equal(sumKnown([null, 0]), 0);
  assert.equal(sumKnown([2, null, 3]), 5);
  const sum = emptySum();
  addTo(sum, null);
  assert.equal(exactTotal(sum), null);
  addTo(sum, 0);
  assert.equal(exactTotal(sum), 0);
});

test('one unknown value makes a complete sum unknown', () => {
  assert.equal(sumComplete([1, null]), null);
  assert.equal(sumComplete([1, undefined]), null);
  assert.equal(sumComplete([1, 2]), 3);
  assert.equal(sumComplete([]), 0);
});

test('a sum past the safe integers is null in every sum function', () => {
  const most = Number.MAX_SAFE_INTEGER;
  assert.equal(sumKnown([most]), most);
  assert.equal(sumKnown([most, 1]), null);
  assert.equal(sumKnown([-most, -1]), null);
  assert.equal(sumComplete([most, 1]), null);
});

test('a sum of seconds is rounded to milliseconds', () => {
  assert.equal(sumSeconds([0.1, 0.2]), 0.3);
  assert.equal(sumSeconds([null, 1.5]), 1.5);
  assert.equal(sumSeconds([null]), null);
});
