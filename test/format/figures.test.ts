import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytes,
  count,
  counted,
  DASH,
  figure,
  nanoUsd,
  percentAgainst,
  percentOf,
  shortCount,
  signed,
  stepNumber,
  tokens,
  usd,
} from '../../src/format/figures.ts';
import { duration, utc } from '../../src/format/time.ts';

test('sizes have one decimal and step over to the next unit before 1024.0', () => {
  assert.deepEqual(
    [0, 624, 1023, 1024, 1536, 1_048_575, 1_048_576, 5 * 1024 ** 3, 1024 ** 4].map((value) => bytes(value)),
    ['0.0 B', '624.0 B', '1023.0 B', '1.0 KB', '1.5 KB', '1.0 MB', '1.0 MB', '5.0 GB', '1024.0 GB'],
  );
});

test('what was not measured is unknown, and what was measured as nothing is 0', () => {
  assert.equal(figure(null), 'unknown');
  assert.equal(figure(0), '0');
  assert.equal(tokens(null, 3), 'unknown / 3 / unknown');
  assert.equal(tokens(0, 0), '0 / 0 / 0');
  assert.equal(percentOf(1, null), 'unknown');
  assert.equal(percentOf(0, 0), 'unknown');
});

test('100.0% means all', () => {
  assert.equal(percentOf(9999, 10_000), '99.9%');
  assert.equal(percentOf(10_000, 10_000), '100.0%');
  assert.equal(percentOf(2, 3), '66.7%');
});

test('large figures have neither separators nor exponents', () => {
  assert.equal(figure(12_345_678_901), '12345678901');
  assert.equal(stepNumber(1234), '1234');
});

test('figures of tables', () => {
  assert.deepEqual(
    [0, 119.7, null, undefined].map((value) => duration(value, DASH)),
    ['0s', '2m 0s', '-', '-'],
  );
  assert.deepEqual(
    [0, 22_400, null, undefined].map((value) => bytes(value, DASH)),
    ['0.0 B', '21.9 KB', '-', '-'],
  );
  assert.deepEqual(
    [0, 999, 1000, 12_340, 99_949, 99_951, 999_949, 999_960, 4_560_000, null].map((value) => shortCount(value, DASH)),
    ['0', '999', '1.0k', '12.3k', '99.9k', '100k', '1000k', '1.0M', '4.6M', '-'],
  );
  // Medians are fractions.
  assert.deepEqual(
    [0.25, 12.34, 999.4].map((value) => shortCount(value)),
    ['0.3', '12.3', '999.4'],
  );
  assert.equal(count(1_234_567), '1,234,567');
  assert.equal(count(null), 'unknown');
  assert.equal(count(null, DASH), '-');
  assert.equal(utc('2025-10-20T14:23:45.123456Z'), '2025-10-20 14:23:45');
  assert.equal(utc('soon'), 'soon');
  assert.equal(utc(null, DASH), '-');
});

test('the mark for what was not measured is the caller’s', () => {
  assert.deepEqual([usd(null), usd(null, 2, DASH), usd(0)], ['unknown', '-', '$0.00']);
  assert.deepEqual([nanoUsd(null), nanoUsd(1_250_000)], ['unknown', '$0.001250']);
  assert.deepEqual([signed(null, 'some'), signed(3), signed(0), signed(-3)], ['some', '+3', '0', '-3']);
});

test('percent beside a threshold is never rounded to its other side', () => {
  assert.equal(percentAgainst(0.123, 1), '0.12%');
  assert.equal(percentAgainst(1.001, 1), '1.001%');
  assert.equal(percentAgainst(1.2, 1), '1.2%');
});

test('one of a thing is singular', () => {
  assert.deepEqual(
    [0, 1, 2].map((value) => counted(value, 'retry', 'retries')),
    ['0 retries', '1 retry', '2 retries'],
  );
});
