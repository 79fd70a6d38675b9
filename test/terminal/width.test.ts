import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cut, pad, widthOf } from '../../src/terminal/width.ts';

test('cut and pad count the columns that text takes on a terminal', () => {
  assert.equal(widthOf('漢字🙂é'), 7);
  // Joined emoji, a flag, a keycap, a letter with two marks, half-width katakana with its voiced mark, a color.
  assert.deepEqual(
    ['👩‍👩‍👧‍👦', '🇩🇪', '1️⃣', 'e\u0301\u0323', 'ｶﾞ', '\u001b[31mred\u001b[39m'].map((text) => widthOf(text)),
    [2, 2, 2, 1, 2, 3],
  );
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
