import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { totalsOfCalls } from '../sent-usage.ts';
import { collect, errorFacts, retriedCallIndexes, runDirectAndMetered, type Address } from '../through-meter.ts';
import { openAiStub } from './openai-stub.ts';

function client({ baseUrl, apiKey }: Address, options: { maxRetries?: number; timeout?: number } = {}): OpenAI {
  return new OpenAI({ baseURL: baseUrl, apiKey, ...options });
}

const HELLO = [{ role: 'user' as const, content: 'Say hello 👋' }];
const TOOL = {
  type: 'function' as const,
  function: {
    name: 'look_up',
    description: 'Looks up a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};

test('OpenAI chat, plain and streamed with and without usage, is metered with the totals sent', async () => {
  const { calls, sent } = await runDirectAndMetered(
    openAiStub,
    async (address) => {
      const { chat } = client(address);
      const stream = { model: 'm', messages: HELLO, stream: true as const };
      const { data, request_id } = await chat.completions.create({ model: 'm', messages: HELLO }).withResponse();
      return [
        [data, request_id],
        await collect(await chat.completions.create(stream)),
        await collect(await chat.completions.create({ ...stream, stream_options: { include_usage: true } })),
        await collect(await chat.completions.create({ ...stream, stream_options: { include_usage: false } })),
        await chat.completions.stream(stream).finalChatCompletion(),
      ];
    },
    { calls: 5 },
  );
  assert.equal(sent.answers, 5);
  assert.deepEqual(totalsOfCalls(calls), sent);
  for (const call of calls) {
    assert.equal(call.outcome, 'ok');
    assert.equal(call['gen_ai.response.model'], 'm-2026');
    assert.match(call.provider_request_id ?? '', /^req_\d$/);
  }
});

test('an OpenAI chat client that did not ask for usage sees no trace of it', async () => {
  await runDirectAndMetered(
    openAiStub,
    async (address) => {
      const chunks = await collect(await client(address).chat.completions.create({ model: 'm', messages: HELLO, stream: true }));
      assert.ok(chunks.length > 5);
      assert.ok(chunks.every((chunk) => !('usage' in chunk) && chunk.choices.length === 1));
    },
    { calls: 1 },
  );
});

test('an OpenAI chat endpoint that must not be asked for usage gets an estimate', async () => {
  const { calls } = await runDirectAndMetered(
    openAiStub,
    async (address) => collect(await client(address).chat.completions.create({ model: 'm', messages: HELLO, stream: true })),
    { calls: 1, askStreamUsage: false },
  );
  assert.deepEqual([calls[0]?.outcome, calls[0]?.usage_source], ['ok', 'estimate']);
  assert.equal(calls[0]?.['gen_ai.usage.output_tokens'], null);
  assert.ok((calls[0].estimate?.output_tokens ?? 0) > 0);
});

test('OpenAI chat tool calls, streamed and not, work to the final response', async () => {
  const { calls, sent } = await runDirectAndMetered(
    openAiStub,
    async (address) => {
      const { chat } = client(address);
      const first = await chat.completions.create({ model: 'm', messages: HELLO, tools: [TOOL] });
      const message = first.choices[0]?.message ?? assert.fail();
      const result = { role: 'tool' as const, tool_call_id: message.tool_calls?.[0]?.id ?? '', content: 'In Belgium.' };
      const second = await chat.completions.create({ model: 'm', messages: [...HELLO, message, result], tools: [TOOL] });
      const streamed = await chat.completions.stream({ model: 'm', messages: HELLO, tools: [TOOL] }).finalMessage();
      assert.deepEqual(
        streamed.tool_calls?.[0]?.type === 'function' && streamed.tool_calls[0].function.arguments,
        '{"city":"Liège"}',
      );
      return [first, second, streamed];
    },
    { calls: 3 },
  );
  assert.deepEqual(totalsOfCalls(calls), sent);
});

test('OpenAI Responses are metered plain, streamed, with tools and in background mode', async () => {
  const { calls, sent } = await runDirectAndMetered(
    openAiStub,
    async (address) => {
      const { responses } = client(address);
      const ask = { model: 'm', input: 'Say hello 👋' };
      const tool = { type: 'function' as const, ...TOOL.function, strict: false };
      return [
        await responses.create(ask),
        await collect(await responses.create({ ...ask, stream: true })),
        await responses.stream({ ...ask, tools: [tool] }).finalResponse(),
        await responses.create({ ...ask, background: true }),
      ];
    },
    { calls: 4 },
  );
  assert.equal(sent.answers, 3);
  assert.deepEqual(totalsOfCalls(calls), sent);
  assert.deepEqual(
    calls.map(({ wire }) => wire),
    Array.from({ length: 4 }, () => 'openai.responses'),
  );
  const [background] = calls.slice(-1);
  assert.equal(background?.outcome, 'ok');
  assert.equal(background['gen_ai.usage.output_tokens'], null);
});

test('embeddings are calls; model lists and token counts are lookups', async () => {
  const { calls, lookups, sent } = await runDirectAndMetered(
    openAiStub,
    async (address) => {
      const openai = client(address);
      return [
        await openai.embeddings.create({ model: 'e', input: ['one', 'two'] }),
        await openai.embeddings.create({ model: 'e', input: 'one', encoding_format: 'float' }),
        await collect(openai.models.list()),
        await openai.responses.inputTokens.count({ model: 'm', input: 'one' }),
      ];
    },
    { calls: 2, lookups: 2 },
  );
  assert.deepEqual(totalsOfCalls(calls), sent);
  assert.deepEqual(
    lookups.map(({ wire, status }) => [wire, status]),
    [
      ['openai.models', 200],
      ['openai.input_tokens', 200],
    ],
  );
});

test('provider errors reach the client unchanged and are recorded without tokens', async () => {
  const { calls } = await runDirectAndMetered(
    openAiStub,
    async (address) => [
      await errorFacts(client(address).chat.completions.create({ model: 'm', messages: [] })),
      await errorFacts(client(address).chat.completions.create({ model: 'missing', messages: HELLO })),
      await errorFacts(client(address, { maxRetries: 0 }).responses.create({ model: 'busy-9', input: 'x' })),
      await errorFacts(client(address, { maxRetries: 0 }).embeddings.create({ model: 'broken-9', input: 'x' })),
    ],
    { calls: 4 },
  );
  assert.deepEqual(
    calls.map(({ outcome, status }) => [outcome, status]),
    [
      ['http_error', 400],
      ['http_error', 404],
      ['http_error', 429],
      ['http_error', 500],
    ],
  );
  for (const call of calls) assert.deepEqual([call.usage_source, call.estimate], ['none', null]);
});

test('a key that the provider rejects is an error for the client and a failed call', async () => {
  const { calls } = await runDirectAndMetered(
    () => openAiStub('another key'),
    async (address) => errorFacts(client(address).chat.completions.create({ model: 'm', messages: HELLO })),
    { calls: 1 },
  );
  assert.equal(calls[0]?.status, 401);
});

test('each retry of the client is a call that names the one it repeats', async () => {
  const { calls, sent } = await runDirectAndMetered(
    openAiStub,
    async (address) => {
      const { chat, responses } = client(address, { maxRetries: 3 });
      return [
        await chat.completions.create({ model: 'busy-2', messages: HELLO }),
        await collect(await chat.completions.create({ model: 'broken-1', messages: HELLO, stream: true })),
        await responses.create({ model: 'busy-1', input: 'x' }),
      ];
    },
    { calls: 7 },
  );
  assert.deepEqual(
    calls.map(({ status }) => status),
    [429, 429, 200, 500, 200, 429, 200],
  );
  assert.deepEqual(retriedCallIndexes(calls), [null, 0, 1, null, 3, null, 5]);
  assert.equal(sent.answers, 3);
  assert.deepEqual(totalsOfCalls(calls), sent);
});

test('when a client stops reading, tokens are unknown and estimated from what arrived', async () => {
  const { calls } = await runDirectAndMetered(
    openAiStub,
    async (address) => {
      const { chat, responses } = client(address);
      const chunks: unknown[] = [];
      for await (const chunk of await chat.completions.create({ model: 'endless', messages: HELLO, stream: true })) {
        chunks.push(chunk);
        if (chunks.length === 5) break;
      }
      for await (const event of await responses.create({ model: 'endless', input: 'Say hello 👋', stream: true })) {
        chunks.push(event);
        if (event.type === 'response.output_text.delta') break;
      }
      return chunks;
    },
    { calls: 2 },
  );
  for (const call of calls) {
    assert.equal(call.outcome, 'client_aborted');
    assert.deepEqual([call['gen_ai.usage.input_tokens'], call['gen_ai.usage.output_tokens']], [null, null]);
    assert.equal(call.usage_source, 'estimate');
    assert.ok((call.estimate?.input_tokens ?? 0) > 0 && (call.estimate?.output_tokens ?? 0) > 0);
  }
});

test('a truncated response fails for the client as it would without the meter', async () => {
  const { calls } = await runDirectAndMetered(
    openAiStub,
    async (address) => {
      const { chat, responses } = client(address, { maxRetries: 0 });
      return [
        await errorFacts(chat.completions.create({ model: 'cut', messages: HELLO, stream: true }).then(collect)),
        await errorFacts(responses.create({ model: 'cut', input: 'x', stream: true }).then(collect)),
      ];
    },
    { calls: 2 },
  );
  for (const call of calls) {
    assert.equal(call.outcome, 'truncated');
    assert.equal(call.usage_source, 'estimate');
  }
});

test('a client that times out and retries makes two calls', async () => {
  const { calls } = await runDirectAndMetered(
    openAiStub,
    async (address) =>
      errorFacts(client(address, { maxRetries: 1, timeout: 200 }).chat.completions.create({ model: 'silent', messages: HELLO })),
    { calls: 2 },
  );
  assert.deepEqual(
    calls.map(({ outcome }) => outcome),
    ['client_aborted', 'client_aborted'],
  );
  assert.deepEqual(retriedCallIndexes(calls), [null, 0]);
});
