import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalText } from '../../src/cassette/canonical.ts';
import { firstDifference } from '../../src/cassette/difference.ts';
import { parseExactly, writeJson } from '../../src/cassette/exact-json.ts';
import { rewriteTexts, type Rewrite } from '../../src/cassette/texts.ts';

/** Changes every text. */
const always = (apply: Rewrite['apply']): Rewrite => ({ concerns: () => true, apply });

/** The value with every string and key in it changed. */
function mapped(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((each) => mapped(each, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [change(key), mapped(each, change)]));
}

test('every string and key of a JSON text is changed, whatever white space stands between, and nothing else', () => {
  const change = (text: string): string => (text.includes('a') ? `"${text}\\\n` : text);
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 3 }), (value, indent) => {
      const json = JSON.stringify(value, null, indent);
      const after = rewriteTexts(
        json,
        false,
        always((pieces) => pieces.map(change)),
      );
      assert.deepEqual(JSON.parse(after), mapped(JSON.parse(json), change));
    }),
  );
});

test('a value is written as it was read, its numbers to the letter', () => {
  const json = '{"b":[1.0,-0,1e400,12345678901234567890,"\\u00e9"],"a":{"":null,"__proto__":true}}';
  assert.equal(writeJson(parseExactly(json)), json.replace('\\u00e9', 'é'));
});

test('where nothing changes every byte stays; what changes keeps its numbers', () => {
  const body = '{ "n": 12345678901234567890, "a":"one \\u00e9 two",\n "list" : [1.0, "\\"one\\"", {"one": null}] }';
  const ones = always((pieces) => pieces.map((piece) => piece.replaceAll('one', 'ONE "1"')));
  assert.equal(
    rewriteTexts(body, false, ones),
    '{"n":12345678901234567890,"a":"ONE \\"1\\" é two","list":[1.0,"\\"ONE \\"1\\"\\"",{"ONE \\"1\\"":null}]}',
  );
  const same = always((pieces) => pieces);
  assert.equal(rewriteTexts(body, false, same), body);
  const events = `data: ${body.replaceAll('\n', ' ')}\n\nevent: x\ndata:{ "a" : "one", "index" : 2.0 }\r\n\r\ndata: { }\n\ndata: one\n\n`;
  assert.equal(rewriteTexts(events, true, same), events);
  assert.equal(
    rewriteTexts(events, true, ones),
    `data: ${rewriteTexts(body, false, ones)}\n\nevent: x\ndata:{"a":"ONE \\"1\\"","index":2.0}\r\n\r\ndata: {}\n\ndata: ONE "1"\n\n`,
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
      true,
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
    false,
    always((pieces) => {
      texts.push(pieces.join(''));
      return pieces;
    }),
  );
  assert.ok(texts.includes('abcd'), 'an array of events is a stream as well');
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
