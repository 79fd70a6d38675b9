import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { streamReaderOf } from '../../../src/meter/response-reader.ts';
import type { MeteredWire } from '../../../src/meter/wires/wire.ts';
import { meteredWire, readStream, SSE } from './read-by-wire.ts';

const JSON_TYPE = 'application/json';
const PATHS = [
  '/v1/chat/completions',
  '/v1/responses',
  '/v1/embeddings',
  '/v1/messages',
  '/v1beta/models/m:generateContent',
  '/v1beta/models/m:streamGenerateContent',
];
const WIRES = PATHS.map((path) => ({ path, wire: meteredWire(path) }));

/** Calls everything there is with these bytes; returns what the readers of streams make of them, cut in the given sizes. */
function everything(wire: MeteredWire, path: string, bytes: Buffer, sizes: readonly number[]): unknown[] {
  wire.parseRequest(bytes, path, true);
  wire.parseResponse(bytes);
  assert.equal(typeof wire.inputText(bytes), 'string');
  assert.equal(typeof wire.outputText(bytes), 'string');
  const chunks: Buffer[] = [];
  let from = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(from, from + size));
    from += size;
  }
  chunks.push(bytes.subarray(from));
  return [SSE, JSON_TYPE].flatMap((contentType) => {
    if (streamReaderOf(wire, contentType, false) === null) return [];
    return [true, false].map((hideUsage) => readStream(wire, chunks, { contentType, hideUsage }));
  });
}

/** Members that the wires look for, with values of every type where another was expected. */
const names = fc.constantFrom(
  ...(
    'model stream stream_options include_usage usage prompt_tokens completion_tokens total_tokens ' +
    'prompt_tokens_details input_tokens output_tokens input_tokens_details cache_read_input_tokens cache_creation ' +
    'iterations type message delta content content_block choices finish_reason response error candidates ' +
    'finishReason parts text usageMetadata promptTokenCount totalTokenCount messages tools data'
  ).split(' '),
);
const leaf = fc.oneof(
  fc.constantFrom(
    null,
    true,
    -1,
    0.5,
    1e300,
    7,
    '',
    'message_start',
    'response.completed',
    'compaction',
    'stop',
    'data:x',
    '_tokens"',
  ),
  fc.string({ unit: 'binary' }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(names, tie('value'), { maxKeys: 6 }),
  ),
}));
const json = value.map((made) => JSON.stringify(made));
const text = fc.array(
  fc.oneof(
    json,
    fc.constantFrom('data: ', 'event: error\n', '\n', '\r\n\r\n', '\n\n', '[', ',', ']', '{', '"', ':', '\uFEFF', '[DONE]'),
  ),
  {
    maxLength: 12,
  },
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
  text.map((parts) => Buffer.from(parts.join(''))),
  fc.array(json, { maxLength: 6 }).map((events) => Buffer.from(events.map((event) => `data: ${event}\n\n`).join(''))),
  json.map((body) => Buffer.from(body)),
);

for (const { path, wire } of WIRES) {
  test(`property: ${wire.name} accepts any bytes, and chunk boundaries do not matter`, () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(40), { maxLength: 20 }), (body, sizes) => {
        assert.deepEqual(everything(wire, path, body, sizes), everything(wire, path, body, []));
      }),
      { numRuns: 300 },
    );
  });

  test(`property: ${wire.name} accepts only non-negative integers as counts`, () => {
    fc.assert(
      fc.property(json, (body) => {
        const { usage } = wire.parseResponse(Buffer.from(body));
        for (const count of [
          usage?.inputTokens,
          usage?.outputTokens,
          usage?.cacheReadTokens,
          usage?.cacheWriteTokens,
          usage?.reasoningTokens,
        ]) {
          assert.ok(count === undefined || count === null || (Number.isInteger(count) && count >= 0), String(count));
        }
      }),
      { numRuns: 300 },
    );
  });

  test(`${wire.name} accepts deeply nested JSON`, () => {
    const depth = 20_000;
    for (const [open, close] of [
      ['[', ']'],
      ['{"content":', '}'],
    ] as const) {
      const bomb = `${open.repeat(depth)}1${close.repeat(depth)}`;
      const members = ['messages', 'input', 'contents', 'tools', 'choices', 'usage', 'candidates', 'content', 'stream_options'];
      for (const body of [bomb, `{"stream":true,${members.map((name) => `"${name}":${bomb}`).join(',')}}`]) {
        everything(wire, path, Buffer.from(body), []);
        everything(wire, path, Buffer.from(`data: ${body}\n\n`), [1000]);
      }
    }
  });
}
