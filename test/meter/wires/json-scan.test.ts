/** Members taken out of JSON and of events, and every other byte left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openaiChat } from '../../../src/meter/wires/openai-chat.ts';
import { rewriteData } from '../../../src/meter/wires/sse.ts';

type Json = Record<string, unknown>;

const NAMES = ['refusal', 'annotations'];
const omit = (json: Buffer, names = NAMES): Buffer => openaiChat.withoutFields?.(json, names) ?? assert.fail();
const left = (json: string): string => String(omit(Buffer.from(json)));

test('a field is removed with its comma, and every other byte stays', () => {
  const cases = [
    ['{"choices":[{"message":{"refusal":null,"content":"a"}}]}', '{"choices":[{"message":{"content":"a"}}]}'],
    ['{"choices":[{"message":{"content":"a","refusal":null}}]}', '{"choices":[{"message":{"content":"a"}}]}'],
    ['{"choices":[{"message":{"refusal":null}}]}', '{"choices":[{"message":{}}]}'],
    ['{"choices":[{"message":{"annotations":[],"refusal":{"a":[1,{}]}}}]}', '{"choices":[{"message":{}}]}'],
    [
      '{"choices":[{"message":{"a":1,"refusal":"x","annotations":[1],"b":2,"refusal":3}}]}',
      '{"choices":[{"message":{"a":1,"b":2}}]}',
    ],
    [
      ' { "choices" : [ { "message" : { "n" : 12345678901234567890.0e+2 , "refusal" : "}],\\"" , "m" : 1.50 } , "i" : 0 } ] } ',
      ' { "choices" : [ { "message" : { "n" : 12345678901234567890.0e+2 , "m" : 1.50 } , "i" : 0 } ] } ',
    ],
    ['{"choices":[{"message":{"\\u0072efusal":1,"x":2}}]}', '{"choices":[{"message":{"x":2}}]}'],
    [
      '{"choices":[{"delta":{"refusal":1,"content":"ü\\\\"}},{"delta":{"refusal":2}}]}',
      '{"choices":[{"delta":{"content":"ü\\\\"}},{"delta":{}}]}',
    ],
    ['{"choices":[],"choices":[{"message":{"refusal":1}}]}', '{"choices":[],"choices":[{"message":{}}]}'],
  ] as const;
  for (const [given, expected] of cases) assert.equal(left(given), expected);
});

test('fields elsewhere and texts that are not a JSON object return the same buffer', () => {
  const cases = [
    '{"refusal":1,"choices":[{"refusal":2,"message":{"content":"\\"refusal\\":1","tool_calls":[{"refusal":3}]},"logprobs":{"refusal":[]}}]}',
    '{"choices":{"message":{"refusal":1}}}',
    '{"choices":[[{"message":{"refusal":1}}]]}',
    '{"choices":[{"message":[{"refusal":1}]}]}',
    '{"error":{"message":{"refusal":1}}}',
    '[{"choices":[{"message":{"refusal":1}}]}]',
    '{"choices":[{"message":{"refusal":1}}]',
    '{"choices":[{"message":{"refusal":1,}}]}',
    '\ufeff{"choices":[{"message":{"refusal":1}}]}',
    'refusal',
    '',
  ];
  for (const text of cases) {
    const json = Buffer.from(text);
    assert.equal(omit(json), json, text);
  }
});

const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('"refusal":1', '\\"', '},{', 'ü🎓'));
const message = fc.dictionary(fc.constantFrom('role', 'content', 'refusal', 'annotations', 'a "b\\', 'message'), value);
const choice = fc.record(
  { index: fc.nat(3), message, delta: message, refusal: value, logprobs: fc.option(message) },
  { requiredKeys: [] },
);
const answer = fc.record({ choices: fc.array(choice, { maxLength: 3 }), refusal: value, usage: message }, { requiredKeys: [] });

test('property: a response looks as if the fields had never been there', () => {
  const without = (held: unknown): unknown =>
    Object.fromEntries(Object.entries(held as Json).filter(([name]) => !NAMES.includes(name)));
  fc.assert(
    fc.property(answer, fc.constantFrom(undefined, 1, '\t\r\n'), (given, indent) => {
      const json = Buffer.from(JSON.stringify(given, null, indent));
      const parsed = JSON.parse(String(json)) as { choices?: Json[] };
      let changes = false;
      for (const one of parsed.choices ?? []) {
        for (const place of ['message', 'delta']) {
          if (one[place] === undefined) continue;
          changes ||= NAMES.some((name) => Object.hasOwn(one[place] as Json, name));
          one[place] = without(one[place]);
        }
      }
      const done = omit(json);
      assert.deepEqual(JSON.parse(String(done)), parsed);
      assert.equal(done === json, !changes);
    }),
    { numRuns: 500 },
  );
});

test('property: removing fields never throws, whatever the bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void omit(Buffer.from(bytes))));
  const mangled = fc.tuple(fc.nat(60), fc.constantFrom('"', '\\', '{', ']', ',', ''));
  fc.assert(
    fc.property(mangled, ([at, by]) => {
      const json = '{"choices":[{"message":{"refusal":null,"content":"a\\"b"}}]}';
      void omit(Buffer.from(json.slice(0, at) + by + json.slice(at + 1)));
    }),
  );
});

test('rewriting an event changes only its data, for any line endings and number of lines', () => {
  const change = (data: Buffer): Buffer => (String(data).includes('x') ? Buffer.from(String(data).replaceAll('x', '')) : data);
  const cases = [
    ['data: axb\n\n', 'data: ab\n\n'],
    ['data:axb\r\n\r\n', 'data:ab\r\n\r\n'],
    ['event: x\rid: 1\rdata: axb\r\r', 'event: x\rid: 1\rdata: ab\r\r'],
    ['data: axb', 'data: ab'],
    ['data: {x\nid: x\ndata: 1x\ndata: }\n\n', 'data: {\ndata: 1\ndata: }\nid: x\n\n'],
    ['data: {x\r\ndata: }\r\nid: 7\r\n\r\n', 'data: {\ndata: }\r\nid: 7\r\n\r\n'],
  ] as const;
  for (const [given, expected] of cases) assert.equal(String(rewriteData(Buffer.from(given), change)), expected);
  for (const same of [': x\n\n', 'event: x\n\n', 'data: a\n\n', 'data\n\n', 'data: a\ndata: b\n\n']) {
    const event = Buffer.from(same);
    assert.equal(rewriteData(event, change), event);
  }
});
