import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { sanitize, sanitizeForFile, sanitizeJson, sanitizeLine } from '../../src/terminal/sanitize.ts';

test('sanitized text has no control or invisible character, and harmless text is unchanged', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(sanitize(text), /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      assert.doesNotMatch(sanitizeLine(text), /[\t\n]/);
      assert.deepEqual(JSON.parse(sanitizeJson({ text })), { text });
      assert.doesNotMatch(sanitizeJson({ text }), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
  assert.equal(sanitize('Grüße, 漢字 🙂\tx\ny'), 'Grüße, 漢字 🙂\tx\ny');
  assert.equal(sanitize('\u001b[2J\u009b\u202e\u{e0041}'), '\\x1b[2J\\x9b\\u202e\\u{e0041}');
});

test('sanitized text cannot steer a terminal, break a line or reorder text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const shown = sanitizeForFile(text);
      assert.doesNotMatch(shown, /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069\u200b\ufeff]/u);
      assert.equal(sanitizeForFile(shown), shown);
    }),
    { numRuns: 500 },
  );
  assert.equal(sanitizeForFile('a\u001b[31mred\u001b[0m\nb\tc'), 'ared\\nb c');
  assert.equal(sanitizeForFile('\u009b31mx\ud800'), 'x\\u{d800}');
});
