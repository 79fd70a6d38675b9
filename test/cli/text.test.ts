import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { bytes, count, duration, shortCount, table, time } from '../../src/cli/columns.ts';
import { neutral, neutralJson, neutralLine } from '../../src/cli/neutral.ts';
import { stepFilter } from '../../src/cli/selection.ts';
import { cut, pad, widthOf } from '../../src/cli/width.ts';

test('neutral text has no control or invisible character, whatever came in, and plain text is not changed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(neutral(text), /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      assert.doesNotMatch(neutralLine(text), /[\t\n]/);
      assert.deepEqual(JSON.parse(neutralJson({ text })), { text });
      assert.doesNotMatch(neutralJson({ text }), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
  assert.equal(neutral('Grüße, 漢字 🙂\tx\ny'), 'Grüße, 漢字 🙂\tx\ny');
  assert.equal(neutral('\u001b[2J\u009b\u202e\u{e0041}'), '\\x1b[2J\\x9b\\u202e\\u{e0041}');
});

test('cut and pad count the columns that a terminal needs', () => {
  assert.equal(widthOf('漢字🙂é'), 7);
  assert.equal(cut('漢字漢字', 5), '漢字…');
  assert.equal(cut('abc', 3), 'abc');
  assert.equal(cut('abc', 0), '');
  assert.equal(pad('漢', 4), '漢  ');
  assert.equal(pad('7', 3, 'left'), '  7');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, columns) => {
      assert.ok(widthOf(cut(text, columns)) <= columns);
    }),
  );
});

test('figures', () => {
  assert.deepEqual([0, 0.04, 9.94, 9.96, 59.4, 59.6, 119.7, 3599.6, 7_260, null].map(duration), [
    '0.0s',
    '0.0s',
    '9.9s',
    '10s',
    '59s',
    '1m 00s',
    '2m 00s',
    '1h 00m',
    '2h 01m',
    '-',
  ]);
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
  assert.deepEqual([0, 999, 1000, 999_949, 999_960, 4e12, null].map(bytes), [
    '0 B',
    '999 B',
    '1.0 KB',
    '999.9 KB',
    '1.0 MB',
    '4.0 TB',
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

test('step selections', () => {
  const matches = stepFilter('1, 3-5');
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, null].filter(matches), [1, 3, 4, 5]);
  for (const text of ['', 'x', '1-', '5-3', '1,,2', '-1', '1.5']) assert.throws(() => stepFilter(text), { code: 'BAD_OPTION' });
});
