import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { sanitizeForFile } from '../../src/terminal/sanitize.ts';
import { clip, fileWidthOf, wrap } from '../../src/terminal/wrap.ts';

test('the width of text in a file counts wide characters as two columns and combining marks as none', () => {
  assert.equal(fileWidthOf('abc'), 3);
  assert.equal(fileWidthOf('表情'), 4);
  assert.equal(fileWidthOf('e\u0301'), 1);
  assert.equal(fileWidthOf('😀'), 2);
  assert.equal(fileWidthOf('ｆｕｌｌ'), 8);
  assert.equal(fileWidthOf('한글'), 4);
});

test('clipped and wrapped text fits the width, whatever characters it has', () => {
  const columns = fc.integer({ min: 4, max: 100 });
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), columns, fc.integer({ min: 1, max: 4 }), (text, width, lines) => {
      const shown = sanitizeForFile(text);
      assert.ok(fileWidthOf(clip(shown, width)) <= width);
      const wrapped = wrap(shown, width, lines);
      assert.ok(wrapped.length >= 1 && wrapped.length <= lines);
      for (const line of wrapped) {
        assert.ok(fileWidthOf(line) <= width);
        assert.ok(Buffer.byteLength(line) <= width * 2 + 3);
      }
    }),
    { numRuns: 500 },
  );
});

test('text that fits is unchanged, longer text is wrapped between words', () => {
  assert.equal(clip('abcdef', 6), 'abcdef');
  assert.equal(clip('abcdefg', 6), 'abc...');
  assert.deepEqual(wrap('one two three four', 9, 5), ['one two', 'three', 'four']);
  assert.deepEqual(wrap('one two three four', 9, 2), ['one two', 'three...']);
});
