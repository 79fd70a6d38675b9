import assert from 'node:assert/strict';
import { test } from 'node:test';
import { streamReaderOf } from '../../../src/meter/response-reader.ts';
import { meteredWire, readStream, dataEvents } from './read-by-wire.ts';

const PATH = '/v1beta/models/gemini-2.5-pro';
const whole = meteredWire(`${PATH}:generateContent`);
const streamed = meteredWire(`${PATH}:streamGenerateContent`);
const JSON_TYPE = 'application/json; charset=UTF-8';

function part(text: string, candidatesTokenCount: number | undefined, finishReason?: string) {
  return {
    candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0, finishReason }],
    usageMetadata: { promptTokenCount: 100, candidatesTokenCount, totalTokenCount: 100 + (candidatesTokenCount ?? 0) },
    modelVersion: 'gemini-2.5-pro-001',
  };
}

const PARTS = [part('Grü', undefined), part('ße "]} 🎓', 2), part('.', 3, 'STOP')];
const WRITTEN = 'Grüße "]} 🎓.';
/** As the service writes a list: a bracket, elements with commas between them, each its own piece. */
const LIST = [
  `[${JSON.stringify(PARTS[0], null, 2)}`,
  `,\r\n${JSON.stringify(PARTS[1], null, 2)}`,
  `,\r\n${JSON.stringify(PARTS[2])}`,
  '\n]\n',
];

test('Gemini requests name the model in the path', () => {
  const asked = (path: string) => streamed.parseRequest(Buffer.from('{"contents":[]}'), path, true);
  assert.deepEqual(asked(`${PATH}:streamGenerateContent`), {
    model: 'gemini-2.5-pro',
    stream: true,
    body: null,
    hideUsage: false,
  });
  assert.equal(asked('/v1/models/gemini%2D2:generateContent')?.model, 'gemini-2');
  assert.equal(asked('/v1/models/gemini%:generateContent')?.model, 'gemini%');
  assert.equal(asked('/v1beta/tunedModels/mine:generateContent')?.model, 'tunedModels/mine');
  assert.equal(asked(`${PATH}:generateContent`)?.stream, false);
});

function usageOf(usageMetadata: object) {
  return whole.parseResponse(Buffer.from(JSON.stringify({ usageMetadata }))).usage;
}

test('Gemini input includes tool results and cached tokens; output includes thoughts', () => {
  const raw = {
    promptTokenCount: 100,
    cachedContentTokenCount: 40,
    toolUsePromptTokenCount: 7,
    candidatesTokenCount: 20,
    thoughtsTokenCount: 5,
    totalTokenCount: 132,
  };
  assert.deepEqual(usageOf(raw), {
    inputTokens: 107,
    outputTokens: 25,
    cacheReadTokens: 40,
    cacheWriteTokens: null,
    reasoningTokens: 5,
    raw,
  });
});

test('counts that Gemini omits are derived from the total or unknown', () => {
  const output = (usage: object) => usageOf(usage)?.outputTokens;
  assert.equal(output({ promptTokenCount: 4, thoughtsTokenCount: 6, totalTokenCount: 10 }), 6);
  assert.equal(output({ promptTokenCount: 4, totalTokenCount: 4 }), 0);
  assert.equal(output({ promptTokenCount: 4, totalTokenCount: 9 }), 5);
  assert.equal(output({ promptTokenCount: 4 }), null);
  assert.equal(output({ totalTokenCount: 9 }), null);
  assert.equal(usageOf({ candidatesTokenCount: 3 })?.inputTokens, null);
});

test('an event stream and an array stream give the same result, wherever their chunks end', () => {
  const forms = [
    {
      contentType: 'text/event-stream',
      bytes: Buffer.from(
        dataEvents(...PARTS)
          .join('')
          .replaceAll('\n\n', '\r\n\r\n'),
      ),
    },
    { contentType: JSON_TYPE, bytes: Buffer.from(LIST.join('')) },
  ];
  for (const { contentType, bytes } of forms) {
    for (const size of [1, 2, 7, 64, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      const { answered, shown, text } = readStream(streamed, chunks, { contentType });
      assert.equal(shown, bytes.toString());
      assert.equal(text, WRITTEN);
      assert.deepEqual(
        [answered.model, answered.usage?.inputTokens, answered.usage?.outputTokens],
        ['gemini-2.5-pro-001', 100, 3],
      );
      assert.deepEqual([answered.finished, answered.closed, answered.error], [true, true, null]);
    }
  }
});

test('each chunk of an array stream is forwarded at once', () => {
  const reader = streamReaderOf(streamed, JSON_TYPE, false) ?? assert.fail();
  for (const piece of LIST) assert.deepEqual(reader.push(Buffer.from(piece)), [Buffer.from(piece)]);
});

test('the output count of a truncated stream is unknown', () => {
  for (const how of [
    { chunks: dataEvents(...PARTS.slice(0, 2)), contentType: 'text/event-stream' },
    { chunks: LIST.slice(0, 2), contentType: JSON_TYPE },
  ]) {
    const { answered, text } = readStream(streamed, how.chunks, { contentType: how.contentType, ended: false });
    assert.deepEqual([answered.usage?.inputTokens, answered.usage?.outputTokens, answered.finished], [100, null, false]);
    assert.deepEqual(answered.usage?.raw, { promptTokenCount: 100, candidatesTokenCount: 2, totalTokenCount: 102 });
    assert.equal(text, 'Grüße "]} 🎓');
  }
});

test('a blocked prompt finishes its stream', () => {
  const refused = { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 } };
  const { answered } = readStream(streamed, dataEvents(refused));
  assert.deepEqual([answered.finished, answered.usage?.outputTokens], [true, 0]);
});

test('Gemini errors are read from an object and from an array', () => {
  const error = { error: { code: 429, message: 'quota', status: 'RESOURCE_EXHAUSTED' } };
  assert.equal(whole.parseResponse(Buffer.from(JSON.stringify(error))).error, 'quota');
  for (const body of [error, [error]]) {
    assert.equal(readStream(streamed, [JSON.stringify(body, null, 2)], { contentType: JSON_TYPE }).answered.error, 'quota');
  }
  assert.equal(readStream(streamed, dataEvents(PARTS[0], error)).answered.error, 'quota');
});

test('an answer that is not streamed is none, and a list is one only where it streams', () => {
  assert.equal(streamReaderOf(whole, JSON_TYPE, false), null);
  assert.notEqual(streamReaderOf(streamed, JSON_TYPE, false), null);
});

test('Gemini input and output text leave out files', () => {
  const body = {
    systemInstruction: { parts: [{ text: 'Be brief.' }] },
    contents: [{ role: 'user', parts: [{ text: 'Hello' }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }] }],
  };
  assert.equal(whole.inputText(Buffer.from(JSON.stringify(body))), 'Be brief.\nHello');
  const parts = [
    { text: 'thinking', thought: true },
    { functionCall: { name: 'look', args: { where: 'here' } } },
    { thoughtSignature: 'AAAA' },
  ];
  assert.equal(
    whole.outputText(Buffer.from(JSON.stringify({ candidates: [{ content: { parts, role: 'model' } }] }))),
    'thinkinglookhere',
  );
});
