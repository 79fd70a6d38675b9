import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalText } from '../../src/cassette/canonical.ts';
import { firstDifference } from '../../src/cassette/difference.ts';
import { jsonStrings } from '../../src/cassette/json-strings.ts';
import { formatOf, rewriteTexts, type Rewrite } from '../../src/cassette/texts.ts';

/** Every string of a JSON value with its path, as a program that parses it finds them; keys have none. */
function stringsOf(value: unknown, path: (string | number)[] = []): { text: string; path: (string | number)[] | null }[] {
  if (typeof value === 'string') return [{ text: value, path }];
  if (Array.isArray(value)) return value.flatMap((each, index) => stringsOf(each, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => [{ text: key, path: null }, ...stringsOf(each, [...path, key])]);
}

/** Changes every text. */
const always = (apply: Rewrite['apply']): Rewrite => ({ concerns: () => true, apply });

test('the strings of a JSON text are found with their places, whatever white space and escapes stand between', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 3 }), (value, indent) => {
      const json = JSON.stringify(value, null, indent);
      const found = jsonStrings(json).map(({ start, end, path }) => ({
        text: JSON.parse(json.slice(start, end)) as string,
        path,
      }));
      assert.deepEqual(found, stringsOf(JSON.parse(json)));
    }),
  );
});

test('a text that is rewritten keeps every byte that is not meant', () => {
  const body = '{ "n": 12345678901234567890, "a":"one \\u00e9 two",\n "list" : [1.0, "\\"one\\"", {"one": null}] }';
  const rewritten = rewriteTexts(
    body,
    'json',
    always((pieces) => pieces.map((piece) => piece.replaceAll('one', 'ONE "1"'))),
  );
  assert.equal(
    rewritten,
    '{ "n": 12345678901234567890, "a":"ONE \\"1\\" é two",\n "list" : [1.0, "\\"ONE \\"1\\"\\"", {"ONE \\"1\\"": null}] }',
  );
  assert.equal(
    rewriteTexts(
      body,
      'json',
      always((pieces) => pieces),
    ),
    body,
  );
});

test('a text that a stream brings in pieces is seen as one, each of several by itself', () => {
  const chunk = (index: number, content: string): string =>
    `data: ${JSON.stringify({ id: 'c', choices: [{ index, delta: { content } }] })}\n\n`;
  const openai = chunk(0, 'ab') + chunk(1, 'x') + chunk(0, 'cd') + chunk(1, 'yz') + ': ping\r\n\r\ndata: [DONE]\n\n';
  const block = (index: number, text: string): string =>
    `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } })}\n\n`;
  const anthropic = block(0, 'ab') + block(1, 'x') + block(0, 'cd') + block(1, 'yz');
  for (const body of [openai, anthropic]) {
    const texts: string[] = [];
    const same = rewriteTexts(
      body,
      'events',
      always((pieces) => {
        texts.push(pieces.join(''));
        return pieces;
      }),
    );
    assert.equal(same, body);
    assert.ok(texts.includes('abcd') && texts.includes('xyz'), texts.join(' '));
  }
  const gemini = JSON.stringify([
    { candidates: [{ content: { parts: [{ text: 'ab' }] } }] },
    { candidates: [{ content: { parts: [{ text: 'cd' }] } }] },
  ]);
  const texts: string[] = [];
  rewriteTexts(
    gemini,
    'json',
    always((pieces) => {
      texts.push(pieces.join(''));
      return pieces;
    }),
  );
  assert.ok(texts.includes('abcd'), 'an array of events is a stream as well');
});

test('the format is that of the answer; what is no JSON is one text', () => {
  assert.equal(formatOf('{"a":1}', false), 'json');
  assert.equal(formatOf('<html>', false), 'plain');
  assert.equal(formatOf('', false), 'plain');
  assert.equal(formatOf('data: x\n\n', true), 'events');
});

test('two requests that say the same have one canonical form: order of keys, white space and escapes do not count', () => {
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

test('numbers count by value, long ones by how they are written', () => {
  assert.equal(canonicalText('{"t":1.0}'), canonicalText('{"t": 1}'));
  assert.notEqual(canonicalText('{"seed":12345678901234567890}'), canonicalText('{"seed":12345678901234567891}'));
  assert.notEqual(canonicalText('[1e400]'), canonicalText('[null]'));
  assert.notEqual(canonicalText('[1,2]'), canonicalText('[2,1]'));
  assert.equal(canonicalText('no JSON {'), 'no JSON {');
});

test('the first difference is named with what stands there on both sides', () => {
  const request = (content: string, more: object = {}): string =>
    JSON.stringify({ model: 'm', messages: [{ role: 'user', content }], ...more });
  assert.equal(firstDifference(request('same'), ` ${request('same')}`), null);
  assert.deepEqual(firstDifference(request('The date is Monday.'), request('The date is Tuesday.')), {
    place: 'messages.0.content, character 13',
    recorded: '"The date is Monday."',
    asked: '"The date is Tuesday."',
  });
  assert.deepEqual(firstDifference(request('x'), request('x', { seed: 7 })), { place: 'seed', recorded: 'nothing', asked: '7' });
  assert.deepEqual(firstDifference('plain one', 'plain two'), {
    place: 'character 7',
    recorded: '"plain one"',
    asked: '"plain two"',
  });
  const long = 'x'.repeat(5000);
  const found = firstDifference(request(`${long}a${long}`), request(`${long}b${long}`));
  assert.equal(found?.place, 'messages.0.content, character 5001');
  assert.match(found?.recorded ?? '', /^"…x{30}ax{49}…"$/);
});
