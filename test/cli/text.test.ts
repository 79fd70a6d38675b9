import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, count, duration, shortCount, table, time } from '../../src/cli/columns.ts';

test('figures', () => {
  // As the summary has them (test/summary/figures.test.ts); the dash is the command line's.
  assert.deepEqual([0, 119.7, null, undefined].map(duration), ['0s', '2m 0s', '-', '-']);
  assert.deepEqual([0, 22_400, null, undefined].map(bytes), ['0.0 B', '21.9 KB', '-', '-']);
  assert.deepEqual([0, 999, 1000, 12_340, 99_949, 99_951, 999_949, 999_960, 4_560_000, null].map(shortCount), [
    '0',
    '999',
    '1.0k',
    '12.3k',
    '99.9k',
    '100k',
    '1000k',
    '1.0M',
    '4.6M',
    '-',
  ]);
  assert.equal(count(1_234_567), '1,234,567');
  assert.equal(time('2025-10-20T14:23:45.123456Z'), '2025-10-20 14:23:45');
  assert.equal(time('soon'), 'soon');
  assert.equal(time(null), '-');
});

test('a table lines up, cuts long cells and leaves no blanks at the ends', () => {
  assert.deepEqual(
    table(
      [{ title: 'A', most: 4 }, { title: 'LONG', align: 'right' }, { title: 'C' }],
      [
        ['漢字漢字', '1', ''],
        ['b', '12345', 'c'],
      ],
    ),
    ['A     LONG  C', '漢…      1', 'b    12345  c'],
  );
});
