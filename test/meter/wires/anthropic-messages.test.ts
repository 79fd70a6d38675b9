import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meteredWire, namedEvents, readStream } from './read-by-wire.ts';

const wire = meteredWire('/v1/messages');
const FIRST = {
  input_tokens: 50,
  cache_creation_input_tokens: 30,
  cache_read_input_tokens: 20,
  cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
  output_tokens: 1,
};

const start = (usage: object = FIRST) => ({
  type: 'message_start',
  message: { id: 'msg_1', model: 'm-2026', content: [], usage },
});
const delta = (part: object) => ({ type: 'content_block_delta', index: 0, delta: part });
const text = (written: string) => delta({ type: 'text_delta', text: written });
const end = (usage: object = { output_tokens: 15 }) => ({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage });
const stop = { type: 'message_stop' };

function usageOf(raw: object) {
  return wire.parseResponse(Buffer.from(JSON.stringify({ model: 'm', usage: raw }))).usage;
}

test('Anthropic input is the sum of uncached input, cache reads and cache writes', () => {
  const raw = { ...FIRST, output_tokens: 15, output_tokens_details: { thinking_tokens: 7 } };
  assert.deepEqual(usageOf(raw), {
    inputTokens: 100,
    outputTokens: 15,
    cacheReadTokens: 20,
    cacheWriteTokens: 30,
    reasoningTokens: 7,
    raw,
  });
});

test('missing counts are null; a missing cache count adds nothing to the input', () => {
  const plain = usageOf({ input_tokens: 5, output_tokens: 2, cache_read_input_tokens: null });
  assert.deepEqual(
    [plain?.inputTokens, plain?.cacheReadTokens, plain?.cacheWriteTokens, plain?.reasoningTokens],
    [5, null, null, null],
  );
  assert.equal(usageOf({ cache_read_input_tokens: 20, output_tokens: 2 })?.inputTokens, null);
  const parts = { input_tokens: 5, cache_creation: FIRST.cache_creation };
  assert.deepEqual([usageOf(parts)?.inputTokens, usageOf(parts)?.cacheWriteTokens, usageOf(parts)?.outputTokens], [35, 30, null]);
});

test('tokens of a compaction are added to the other counts', () => {
  const iterations = [
    {
      type: 'compaction',
      input_tokens: 180_000,
      output_tokens: 3_500,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 0,
    },
    { type: 'message', input_tokens: 23_000, output_tokens: 1_000 },
  ];
  const usage = usageOf({ input_tokens: 23_000, output_tokens: 1_000, iterations });
  assert.deepEqual(
    [usage?.inputTokens, usage?.outputTokens, usage?.cacheReadTokens, usage?.cacheWriteTokens],
    [203_100, 4_500, 100, 0],
  );
});

test('later usage in a stream replaces earlier usage field by field', () => {
  const repeated = { input_tokens: 50, cache_read_input_tokens: null, output_tokens: 15 };
  for (const usage of [{ output_tokens: 15 }, repeated]) {
    const { answered, shown } = readStream(wire, namedEvents(start(), { type: 'ping' }, text('a'), end(usage), stop));
    assert.equal(answered.usage?.inputTokens, 100);
    assert.equal(answered.usage?.outputTokens, 15);
    assert.deepEqual(answered.usage?.raw, { ...FIRST, output_tokens: 15 });
    assert.deepEqual([answered.model, answered.finished, answered.closed, answered.error], ['m-2026', true, true, null]);
    assert.equal(shown, namedEvents(start(), { type: 'ping' }, text('a'), end(usage), stop).join(''));
  }
  const corrected = readStream(wire, namedEvents(start(), end({ input_tokens: 60, output_tokens: 15 }), stop)).answered;
  assert.equal(corrected.usage?.inputTokens, 110);
});

test('a truncated stream has known input and unknown output', () => {
  const { answered } = readStream(wire, namedEvents(start(), text('message_stop')), { ended: false });
  assert.deepEqual([answered.usage?.inputTokens, answered.usage?.outputTokens, answered.finished], [100, null, false]);
  const unstopped = readStream(wire, namedEvents(start(), text('a'), end())).answered;
  assert.deepEqual([unstopped.usage?.outputTokens, unstopped.finished, unstopped.closed], [15, true, false]);
});

test('Anthropic errors are read from a stream and from a response', () => {
  const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' }, request_id: 'req_1' };
  assert.equal(readStream(wire, namedEvents(start(), error)).answered.error, 'Overloaded');
  assert.equal(readStream(wire, namedEvents(error)).answered.error, 'Overloaded');
  assert.equal(wire.parseResponse(Buffer.from(JSON.stringify(error))).error, 'Overloaded');
});

test('Anthropic output text includes text, thinking and tool input', () => {
  const events = namedEvents(
    start(),
    { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
    delta({ type: 'thinking_delta', thinking: 'Hm. ' }),
    delta({ type: 'signature_delta', signature: 'AAAA' }),
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
    text('Grüße'),
    { type: 'content_block_start', index: 2, content_block: { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} } },
    delta({ type: 'input_json_delta', partial_json: '{"a":1}' }),
    { type: 'content_block_start', index: 3, content_block: { type: 'web_search_tool_result', content: [{ title: 'no' }] } },
  );
  assert.equal(readStream(wire, events, { ended: false }).text, 'Hm. Grüßelook{"a":1}');
});

test('Anthropic input text includes system, messages and tools, but no files', () => {
  const body = {
    system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral', ttl: '1h' } }],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Hello' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a document' } },
          { type: 'tool_result', tool_use_id: 'toolu_1', content: 'found' },
        ],
      },
    ],
    tools: [{ name: 'look', input_schema: { properties: { where: {} } } }],
  };
  const lines = wire.inputText(Buffer.from(JSON.stringify(body))).split('\n');
  assert.deepEqual(lines.slice(0, 4), ['Be brief.', 'Hello', 'a document', 'found']);
  for (const part of ['look', 'where']) assert.ok(lines.includes(part));
  assert.ok(!lines.some((line) => ['AAAA', '1h', 'toolu_1'].includes(line)));
});
