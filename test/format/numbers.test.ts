import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatBytes,
  formatCount,
  pluralize,
  DASH,
  formatNumber,
  formatNanoUsd,
  formatPercentNear,
  formatShare,
  formatShortCount,
  formatSigned,
  formatStep,
  formatTokens,
  formatUsd,
} from '../../src/format/numbers.ts';
import { formatDuration, formatUtc } from '../../src/format/time.ts';

test('a size has one decimal place and moves to the next unit before it would print as 1024.0', () => {
  assert.deepEqual(
    [0, 624, 1023, 1024, 1536, 1_048_575, 1_048_576, 5 * 1024 ** 3, 1024 ** 4].map((value) => formatBytes(value)),
    ['0.0 B', '624.0 B', '1023.0 B', '1.0 KB', '1.5 KB', '1.0 MB', '1.0 MB', '5.0 GB', '1024.0 GB'],
  );
});

test('an unmeasured value prints as unknown, and a measured zero as 0', () => {
  assert.equal(formatNumber(null), 'unknown');
  assert.equal(formatNumber(0), '0');
  assert.equal(formatTokens(null, 3), 'unknown / 3 / unknown');
  assert.equal(formatTokens(0, 0), '0 / 0 / 0');
  assert.equal(formatShare(1, null), 'unknown');
  assert.equal(formatShare(0, 0), 'unknown');
});

test('a share prints as 100.0% only when part and whole are equal', () => {
  assert.equal(formatShare(9999, 10_000), '99.9%');
  assert.equal(formatShare(10_000, 10_000), '100.0%');
  assert.equal(formatShare(2, 3), '66.7%');
});

test('large numbers print without separators or exponents', () => {
  assert.equal(formatNumber(12_345_678_901), '12345678901');
  assert.equal(formatStep(1234), '1234');
});

test('counts for tables are grouped by thousands or shortened to five characters', () => {
  assert.deepEqual(
    [0, 119.7, null, undefined].map((value) => formatDuration(value, DASH)),
    ['0s', '2m 0s', '-', '-'],
  );
  assert.deepEqual(
    [0, 22_400, null, undefined].map((value) => formatBytes(value, DASH)),
    ['0.0 B', '21.9 KB', '-', '-'],
  );
  assert.deepEqual(
    [0, 999, 1000, 12_340, 99_949, 99_951, 999_949, 999_960, 4_560_000, null].map((value) => formatShortCount(value, DASH)),
    ['0', '999', '1.0k', '12.3k', '99.9k', '100k', '1000k', '1.0M', '4.6M', '-'],
  );
  // Medians are fractions.
  assert.deepEqual(
    [0.25, 12.34, 999.4].map((value) => formatShortCount(value)),
    ['0.3', '12.3', '999.4'],
  );
  assert.equal(formatCount(1_234_567), '1,234,567');
  assert.equal(formatCount(null), 'unknown');
  assert.equal(formatCount(null, DASH), '-');
  assert.equal(formatUtc('2025-10-20T14:23:45.123456Z'), '2025-10-20 14:23:45');
  assert.equal(formatUtc('soon'), 'soon');
  assert.equal(formatUtc(null, DASH), '-');
});

test('the caller chooses the mark for an unmeasured value', () => {
  assert.deepEqual([formatUsd(null), formatUsd(null, 2, DASH), formatUsd(0)], ['unknown', '-', '$0.00']);
  assert.deepEqual([formatNanoUsd(null), formatNanoUsd(1_250_000)], ['unknown', '$0.001250']);
  assert.deepEqual([formatSigned(null, 'some'), formatSigned(3), formatSigned(0), formatSigned(-3)], ['some', '+3', '0', '-3']);
});

test('a percentage near a threshold is never rounded to the other side of it', () => {
  assert.equal(formatPercentNear(0.123, 1), '0.12%');
  assert.equal(formatPercentNear(1.001, 1), '1.001%');
  assert.equal(formatPercentNear(1.2, 1), '1.2%');
});

test('a count of one uses the singular noun', () => {
  assert.deepEqual(
    [0, 1, 2].map((value) => pluralize(value, 'retry', 'retries')),
    ['0 retries', '1 retry', '2 retries'],
  );
});
