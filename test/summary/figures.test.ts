import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { duration, figure, percent, size, stepNumber, tokens } from '../../src/summary/figures.ts';

test('a duration is rounded before it is split: 119.7 s is 2m 0s, never 1m 60s', () => {
  const cases: [number | null, string][] = [
    [null, 'unknown'],
    [0, '0s'],
    [0.04, '0s'],
    [0.4, '0.4s'],
    [1.5, '1.5s'],
    [2, '2s'],
    [9.94, '9.9s'],
    [9.96, '10s'],
    [59.4, '59s'],
    [59.5, '1m 0s'],
    [119.7, '2m 0s'],
    [154, '2m 34s'],
    [1287, '21m 27s'],
    [3599.4, '59m 59s'],
    [3599.6, '1h 0m'],
    [7199, '2h 0m'],
    [90_061, '25h 1m'],
  ];
  for (const [seconds, text] of cases) assert.equal(duration(seconds), text);
});

test('no duration has 60 seconds or 60 minutes', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), (seconds) => {
      assert.match(duration(seconds), /^(\d\.\ds|[1-5]?\ds|[1-5]?\dm [1-5]?\ds|\d+h [1-5]?\dm)$/);
    }),
  );
});

test('sizes have one decimal and step over to the next unit before 1024.0', () => {
  assert.deepEqual([0, 624, 1023, 1024, 1536, 1_048_575, 1_048_576, 5 * 1024 ** 3, 1024 ** 4].map(size), [
    '0.0 B',
    '624.0 B',
    '1023.0 B',
    '1.0 KB',
    '1.5 KB',
    '1.0 MB',
    '1.0 MB',
    '5.0 GB',
    '1024.0 GB',
  ]);
});

test('what was not measured is unknown, and what was measured as nothing is 0', () => {
  assert.equal(figure(null), 'unknown');
  assert.equal(figure(0), '0');
  assert.equal(tokens(null, 3), 'unknown / 3 / unknown');
  assert.equal(tokens(0, 0), '0 / 0 / 0');
  assert.equal(percent(1, null), 'unknown');
  assert.equal(percent(0, 0), 'unknown');
});

test('100.0% means all', () => {
  assert.equal(percent(9999, 10_000), '99.9%');
  assert.equal(percent(10_000, 10_000), '100.0%');
  assert.equal(percent(2, 3), '66.7%');
});

test('large figures have neither separators nor exponents', () => {
  assert.equal(figure(12_345_678_901), '12345678901');
  assert.equal(stepNumber(1234), '1234');
});
