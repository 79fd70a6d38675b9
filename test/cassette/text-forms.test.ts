import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rewriteTexts, type TextRewrite } from '../../src/cassette/text-forms.ts';

/** Changes every text. */
const always = (apply: TextRewrite['apply']): TextRewrite => ({ matches: () => true, apply });

/** The value with every string and key in it changed. */
function mapped(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((each) => mapped(each, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [change(key), mapped(each, change)]));
}

test('every string and key of a JSON text is rewritten, and nothing else', () => {
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

test('without changes every byte stays; changed values keep their numbers', () => {
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

test('a text streamed in pieces is seen as one, separate texts separately', () => {
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
