import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { totalsOfCalls } from '../sent-usage.ts';
import { collect, errorFacts, retriedCallIndexes, runDirectAndMetered, type Address } from '../through-meter.ts';
import { anthropicStub } from './anthropic-stub.ts';

function client({ rootUrl, apiKey }: Address, options: { maxRetries?: number; timeout?: number } = {}): Anthropic {
  return new Anthropic({ baseURL: rootUrl, apiKey, ...options });
}

const HELLO = [{ role: 'user' as const, content: 'Say hello 👋' }];
const ASK = { model: 'm', max_tokens: 100, messages: HELLO };
const TOOL = {
  name: 'look_up',
  description: 'Looks up a city',
  input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } },
};

test('Anthropic messages, plain, streamed and by the stream helper, are metered with the totals sent', async () => {
  const { calls, sent } = await runDirectAndMetered(
    anthropicStub,
    async (address) => {
      const { messages } = client(address);
      const { data, request_id } = await messages.create(ASK).withResponse();
      const helper = messages.stream(ASK);
      const texts: string[] = [];
      helper.on('text', (text) => texts.push(text));
      return [
        [data, request_id],
        await collect(await messages.create({ ...ASK, stream: true })),
        await helper.finalMessage(),
        texts,
        await client(address).beta.messages.create({ ...ASK, betas: ['x-2026-01-01'] }),
      ];
    },
    { calls: 4 },
  );
  assert.equal(sent.answers, 4);
  assert.deepEqual(totalsOfCalls(calls), sent);
  for (const call of calls) {
    assert.equal(call.outcome, 'ok');
    assert.equal(call.wire, 'anthropic.messages');
    assert.equal(call['gen_ai.response.model'], 'm-2026');
    assert.match(call.provider_request_id ?? '', /^req_\d$/);
  }
});

test('Anthropic tool calls, streamed and not, work to the final response', async () => {
  const { calls, sent } = await runDirectAndMetered(
    anthropicStub,
    async (address) => {
      const { messages } = client(address);
      const first = await messages.create({ ...ASK, tools: [TOOL] });
      const tool = first.content.find((block) => block.type === 'tool_use') ?? assert.fail();
      const result = {
        role: 'user' as const,
        content: [{ type: 'tool_result' as const, tool_use_id: tool.id, content: 'In Belgium.' }],
      };
      const answered = [...HELLO, { role: 'assistant' as const, content: [tool] }, result];
      const second = await messages.create({ ...ASK, messages: answered, tools: [TOOL] });
      const streamed = await messages.stream({ ...ASK, tools: [TOOL] }).finalMessage();
      assert.deepEqual(streamed.content.find((block) => block.type === 'tool_use')?.input, { city: 'Liège' });
      return [first, second, streamed];
    },
    { calls: 3 },
  );
  assert.deepEqual(totalsOfCalls(calls), sent);
});

test('token counts and model lists are lookups; batches are unmetered', async () => {
  const { calls, lookups } = await runDirectAndMetered(
    anthropicStub,
    async (address) => {
      const anthropic = client(address);
      const requests = [{ custom_id: 'one', params: ASK }];
      return [
        await anthropic.messages.countTokens({ model: 'm', messages: HELLO }),
        await collect(anthropic.models.list()),
        await anthropic.messages.batches.create({ requests }),
      ];
    },
    { lookups: 2 },
  );
  assert.equal(calls.length, 0);
  assert.deepEqual(
    lookups.map(({ wire, status }) => [wire, status]),
    [
      ['anthropic.count_tokens', 200],
      ['openai.models', 200],
    ],
  );
});

test('provider errors reach the client unchanged and are recorded without tokens', async () => {
  const { calls } = await runDirectAndMetered(
    anthropicStub,
    async (address) => {
      const { messages } = client(address, { maxRetries: 0 });
      return [
        await errorFacts(messages.create({ ...ASK, messages: [] })),
        await errorFacts(messages.create({ ...ASK, model: 'missing' })),
        await errorFacts(messages.create({ ...ASK, model: 'busy-9' })),
        await errorFacts(messages.stream({ ...ASK, model: 'broken-9' }).finalMessage()),
      ];
    },
    { calls: 4 },
  );
  assert.deepEqual(
    calls.map(({ outcome, status }) => [outcome, status]),
    [
      ['http_error', 400],
      ['http_error', 404],
      ['http_error', 529],
      ['http_error', 500],
    ],
  );
  for (const call of calls) assert.deepEqual([call.usage_source, call.estimate], ['none', null]);
});

test('a key that the provider rejects is an error for the client and a failed call', async () => {
  const { calls } = await runDirectAndMetered(
    () => anthropicStub('another key'),
    async (address) => errorFacts(client(address).messages.create(ASK)),
    { calls: 1 },
  );
  assert.equal(calls[0]?.status, 401);
});

test('each retry of the client is a call that names the one it repeats', async () => {
  const { calls, sent } = await runDirectAndMetered(
    anthropicStub,
    async (address) => {
      const { messages } = client(address, { maxRetries: 3 });
      return [
        await messages.create({ ...ASK, model: 'busy-2' }),
        await messages.stream({ ...ASK, model: 'broken-1' }).finalMessage(),
      ];
    },
    { calls: 5 },
  );
  assert.deepEqual(
    calls.map(({ status }) => status),
    [529, 529, 200, 500, 200],
  );
  assert.deepEqual(retriedCallIndexes(calls), [null, 0, 1, null, 3]);
  assert.deepEqual(totalsOfCalls(calls), sent);
});

test('when a client stops reading, the input is known and the output is estimated', async () => {
  const { calls } = await runDirectAndMetered(
    anthropicStub,
    async (address) => {
      const events: unknown[] = [];
      for await (const event of await client(address).messages.create({ ...ASK, model: 'endless', stream: true })) {
        events.push(event);
        if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') break;
      }
      const stream = client(address).messages.stream({ ...ASK, model: 'endless' });
      stream.on('text', () => stream.abort());
      return [events, await errorFacts(stream.finalMessage())];
    },
    { calls: 2 },
  );
  for (const call of calls) {
    assert.equal(call.outcome, 'client_aborted');
    assert.equal(call['gen_ai.usage.input_tokens'], JSON.stringify(HELLO).length + 50);
    assert.equal(call['gen_ai.usage.output_tokens'], null);
    assert.ok((call.estimate?.output_tokens ?? 0) > 0);
  }
});

test('truncated streams and errors inside a stream look to the client as without the meter', async () => {
  const { calls } = await runDirectAndMetered(
    anthropicStub,
    async (address) => {
      const { messages } = client(address, { maxRetries: 0 });
      return [
        await errorFacts(messages.create({ ...ASK, model: 'cut', stream: true }).then(collect)),
        await errorFacts(messages.create({ ...ASK, model: 'error', stream: true }).then(collect)),
      ];
    },
    { calls: 2 },
  );
  assert.deepEqual(
    calls.map(({ outcome }) => outcome),
    ['truncated', 'upstream_error'],
  );
  for (const call of calls) assert.equal(call['gen_ai.usage.output_tokens'], null);
});

test('a client that times out and retries makes two calls', async () => {
  const { calls } = await runDirectAndMetered(
    anthropicStub,
    async (address) => errorFacts(client(address, { maxRetries: 1, timeout: 200 }).messages.create({ ...ASK, model: 'silent' })),
    { calls: 2 },
  );
  assert.deepEqual(
    calls.map(({ outcome }) => outcome),
    ['client_aborted', 'client_aborted'],
  );
  assert.deepEqual(retriedCallIndexes(calls), [null, 0]);
});
