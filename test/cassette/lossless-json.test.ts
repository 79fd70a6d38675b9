import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalText, parseLossless, stringifyLossless } from '../../src/cassette/lossless-json.ts';

test('a parsed value is serialized with its numbers exactly as written', () => {
  const json = '{"b":[1.0,-0,1e400,12345678901234567890,"\\u00e9"],"a":{"":null,"__proto__":true}}';
  assert.equal(stringifyLossless(parseLossless(json)), json.replace('\\u00e9', 'é'));
});

test('equivalent requests have one canonical form, whatever their key order, whitespace and escapes', () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, each]) => [key, shuffled(each)]),
    );
  };
  const asciiOnly = (json: string): string =>
    json.replaceAll(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const canonical = canonicalText(JSON.stringify(value));
      assert.equal(canonicalText(asciiOnly(JSON.stringify(shuffled(value), null, 2))), canonical);
      assert.deepEqual(JSON.parse(canonical), JSON.parse(JSON.stringify(value)));
      assert.equal(canonicalText(canonical), canonical);
    }),
  );
});

test('numbers are compared by value, long ones by their text', () => {
  assert.equal(canonicalText('{"t":1.0}'), canonicalText('{"t": 1}'));
  assert.notEqual(canonicalText('{"seed":12345678901234567890}'), canonicalText('{"seed":12345678901234567891}'));
  assert.notEqual(canonicalText('[1e400]'), canonicalText('[null]'));
  assert.notEqual(canonicalText('[1,2]'), canonicalText('[2,1]'));
  assert.equal(canonicalText('no JSON {'), 'no JSON {');
});
