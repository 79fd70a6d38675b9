import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { bytes, count, duration, shortCount, table, time } from '../../src/cli/columns.ts';
import { neutral, neutralJson, neutralLine } from '../../src/cli/neutral.ts';
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
