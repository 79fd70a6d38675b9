import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meteredWire, namedEvents, readStream } from './read-by-wire.ts';

const wire = meteredWire('/v1/responses');
const USAGE = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 40, cache_write_tokens: 10 },
  output_tokens: 20,
  output_tokens_details: { reasoning_tokens: 5 },
  total_tokens: 120,
};
const NORMAL = { inputTokens: 100, outputTokens: 20, cacheReadTokens: 40, cacheWriteTokens: 10, reasoningTokens: 5, raw: USAGE };

const created = {
  type: 'response.created',
  response: { id: 'r', model: 'm-2026', status: 'in_progress', usage: null, error: null },
};
const delta = (text: string) => ({ type: 'response.output_text.delta', item_id: 'msg_1', delta: text, logprobs: [] });
const last = (type: string, more: object = {}) => ({ type, response: { model: 'm-2026', usage: USAGE, error: null, ...more } });

test('the final event of a Responses stream has the usage, whatever its type', () => {
  for (const type of ['response.completed', 'response.incomplete']) {
    const { answered, shown } = readStream(wire, namedEvents(created, delta('a'), last(type)));
    assert.deepEqual(answered, { model: 'm-2026', usage: NORMAL, finished: true, closed: true, error: null });
    assert.equal(shown, namedEvents(created, delta('a'), last(type)).join(''));
  }
  const error = { code: 'server_error', message: 'gave up' };
  const failed = readStream(wire, namedEvents(created, last('response.failed', { error }))).answered;
  assert.deepEqual([failed.error, failed.closed, failed.usage], ['gave up', true, NORMAL]);
});

test('a Responses stream without its final event is not finished', () => {
  const { answered } = readStream(
    wire,
    namedEvents(created, delta('response.completed "usage"'), { type: 'response.output_item.done' }),
  );
  assert.deepEqual(answered, { model: 'm-2026', usage: null, finished: false, closed: false, error: null });
});

test('both forms of an error event are read', () => {
  const flat = { type: 'error', code: 'rate_limit_exceeded', message: 'slow down', param: null, sequence_number: 2 };
  assert.equal(readStream(wire, namedEvents(created, flat)).answered.error, 'slow down');
  const nested = { type: 'error', error: { type: 'too_many_requests', code: null, message: 'slower' } };
  assert.equal(readStream(wire, namedEvents(created, nested)).answered.error, 'slower');
});

test('plain Responses are read when completed, in background mode, and failed', () => {
  const read = (body: object) => wire.parseResponse(Buffer.from(JSON.stringify(body)));
  const done = { model: 'm-2026', status: 'completed', error: null, usage: USAGE };
  assert.deepEqual(read(done), { model: 'm-2026', usage: NORMAL, finished: true, closed: true, error: null });
  assert.equal(read({ ...done, status: 'queued', usage: null }).usage, null);
  assert.equal(read({ ...done, status: 'failed', error: { code: 'x', message: 'broke' } }).error, 'broke');
});

test('missing token details are null, not 0', () => {
  const { usage } = wire.parseResponse(Buffer.from('{"usage":{"input_tokens":3,"output_tokens":2}}'));
  assert.deepEqual(usage, {
    inputTokens: 3,
    outputTokens: 2,
    cacheReadTokens: null,
    cacheWriteTokens: null,
    reasoningTokens: null,
    raw: usage?.raw,
  });
});

test('Responses input and output text is extracted', () => {
  const events = namedEvents(
    created,
    { type: 'response.reasoning_summary_text.delta', delta: 'Thinking. ' },
    delta('Grüße'),
    { type: 'response.output_item.added', item: { type: 'function_call', name: 'look', arguments: '' } },
    { type: 'response.function_call_arguments.delta', delta: '{"a":1}' },
    { type: 'response.audio.delta', delta: 'AAAA' },
    { type: 'response.output_text.done', text: 'Grüße' },
  );
  assert.equal(readStream(wire, events, { ended: false }).text, 'Thinking. Grüßelook{"a":1}');

  const output = [
    { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm.' }], encrypted_content: 'AAAA' },
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Hi', annotations: [{ title: 'no' }] }],
    },
  ];
  assert.equal(wire.outputText(Buffer.from(JSON.stringify({ output }))), 'Hm.\nHi');

  const body = {
    model: 'm',
    instructions: 'Be brief.',
    input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hello' }] }],
  };
  assert.equal(wire.inputText(Buffer.from(JSON.stringify(body))), 'Be brief.\nHello');
  assert.equal(wire.inputText(Buffer.from('{"input":"Hello"}')), 'Hello');
});

test('embeddings have input tokens and a known output of 0', () => {
  const embeddings = meteredWire('/v1/embeddings');
  const answer = { object: 'list', data: [], model: 'e-2026', usage: { prompt_tokens: 8, total_tokens: 8 } };
  assert.deepEqual(embeddings.parseResponse(Buffer.from(JSON.stringify(answer))), {
    model: 'e-2026',
    usage: {
      inputTokens: 8,
      outputTokens: 0,
      cacheReadTokens: null,
      cacheWriteTokens: null,
      reasoningTokens: null,
      raw: answer.usage,
    },
    finished: true,
    closed: true,
    error: null,
  });
  const silent = embeddings.parseResponse(Buffer.from('{"usage":{}}')).usage;
  assert.deepEqual([silent?.inputTokens, silent?.outputTokens], [null, null]);
  assert.equal(embeddings.inputText(Buffer.from('{"input":["one","two"]}')), 'one\ntwo');
});
