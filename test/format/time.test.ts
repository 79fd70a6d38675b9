import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatDuration } from '../../src/format/time.ts';

test('a duration is rounded before it is split into units: 119.7 s is 2m 0s, never 1m 60s', () => {
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
  for (const [seconds, text] of cases) assert.equal(formatDuration(seconds), text);
});

test('no duration prints 60 seconds or 60 minutes', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), (seconds) => {
      assert.match(formatDuration(seconds), /^(\d\.\ds|[1-5]?\ds|[1-5]?\dm [1-5]?\ds|\d+h [1-5]?\dm)$/);
    }),
  );
});
