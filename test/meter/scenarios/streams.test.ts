import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { postChatCompletion, withMeteredAttempt, STREAMED_CHAT_REQUEST, CHAT_REQUEST } from '../metered-attempt.ts';
import { streamEvents, USAGE } from '../upstream-stub.ts';

for (const [name, end] of [
  ['LF', '\n'],
  ['CRLF', '\r\n'],
] as const) {
  for (const client of ['asked for usage', 'did not ask', 'declined'] as const) {
    test(`a stream with a chunk boundary at every byte is relayed exactly, ${name}, client ${client}`, async () => {
      const { shown, usage, done } = streamEvents(true, end);
      await withMeteredAttempt(
        async (response) => {
          response.setHeader('content-type', 'text/event-stream; charset=utf-8');
          for (const byte of Buffer.from([...shown, usage, done].join(''))) response.write(Buffer.from([byte]));
          response.end();
        },
        async ({ run, upstream, endpoint }) => {
          const options = {
            'asked for usage': { include_usage: true },
            'did not ask': undefined,
            declined: { include_usage: false, x: 1 },
          };
          const stream_options = options[client];
          const response = await postChatCompletion(endpoint, {
            ...STREAMED_CHAT_REQUEST,
            ...(stream_options === undefined ? {} : { stream_options }),
          });
          const expected = client === 'asked for usage' ? [...shown, usage, done] : [...streamEvents(false, end).shown, done];
          assert.equal(await response.text(), expected.join(''));
          const sent = JSON.parse(upstream.seen[0]?.body.toString() ?? '');
          assert.deepEqual(sent, { ...STREAMED_CHAT_REQUEST, stream_options: { ...stream_options, include_usage: true } });
          const [call] = await run.wait('llm_call', 1);
          assert.equal(call?.metadata.outcome, 'ok');
          assert.equal(call?.metadata['gen_ai.request.stream'], true);
          assert.equal(call?.metadata['gen_ai.usage.input_tokens'], 100);
          assert.deepEqual(call?.metadata.usage_raw, USAGE);
        },
      );
    });
  }
}

test('each event reaches the client before the next one arrives', async () => {
  const { shown, usage, done } = streamEvents(true);
  const unasked = streamEvents(false).shown;
  let next: (() => void) | undefined;
  await withMeteredAttempt(
    async (response) => {
      response.setHeader('content-type', 'text/event-stream');
      for (const event of shown) {
        const received = new Promise<void>((resolve) => (next = resolve));
        response.write(event);
        await received;
      }
      response.end(usage + done);
    },
    async ({ endpoint }) => {
      const response = await postChatCompletion(endpoint, STREAMED_CHAT_REQUEST);
      let text = '';
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? assert.fail()) {
        text += decoder.decode(chunk, { stream: true });
        if (unasked.some((_, at) => text === unasked.slice(0, at + 1).join(''))) next?.();
      }
      assert.equal(text, [...unasked, done].join(''));
    },
  );
});

test('the headers of a stream are sent before its first event', async () => {
  const { shown, done } = streamEvents(false);
  let headReceived: (() => void) | undefined;
  const received = new Promise<void>((resolve) => (headReceived = resolve));
  await withMeteredAttempt(
    async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      await received;
      response.end(shown.join('') + done);
    },
    async ({ endpoint }) => {
      const response = await postChatCompletion(endpoint, STREAMED_CHAT_REQUEST);
      assert.equal(response.headers.get('content-type'), 'text/event-stream');
      headReceived?.();
      assert.equal(await response.text(), shown.join('') + done);
    },
  );
});

test('when a client disconnects, the upstream call is aborted and its tokens are unknown', async () => {
  let gone: Promise<unknown> = Promise.resolve();
  await withMeteredAttempt(
    (response) => {
      gone = once(response, 'close');
      response.setHeader('content-type', 'text/event-stream');
      response.write(streamEvents(true).shown.join(''));
    },
    async ({ run, endpoint }) => {
      const controller = new AbortController();
      const response = await postChatCompletion(endpoint, STREAMED_CHAT_REQUEST, { signal: controller.signal });
      await response.body?.getReader().read();
      controller.abort();
      await gone;
      const [call] = await run.wait('llm_call', 1);
      assert.equal(call?.level, 'warn');
      assert.equal(call?.metadata.outcome, 'client_aborted');
      assert.equal(call?.metadata.status, 200);
      assert.equal(call?.metadata['gen_ai.usage.output_tokens'], null);
      assert.equal(call?.metadata.cost_nano_usd, null);
      assert.equal(call?.metadata.usage_source, 'estimate');
      const { input_tokens, output_tokens, tokenizer } = call?.metadata.estimate ?? assert.fail();
      assert.equal(input_tokens, 1);
      assert.ok(output_tokens !== null && output_tokens >= 8 && output_tokens <= 30, String(output_tokens));
      assert.equal(tokenizer, 'gpt-tokenizer:o200k_base');
    },
  );
});

test('a client that disconnects before the response starts is recorded', async () => {
  let arrived: (() => void) | undefined;
  const asked = new Promise<void>((resolve) => (arrived = resolve));
  await withMeteredAttempt(
    () => arrived?.(),
    async ({ run, endpoint }) => {
      const controller = new AbortController();
      const pending = postChatCompletion(endpoint, CHAT_REQUEST, { signal: controller.signal });
      await asked;
      controller.abort();
      await assert.rejects(pending);
      const [call] = await run.wait('llm_call', 1);
      assert.equal(call?.metadata.outcome, 'client_aborted');
      assert.equal(call?.metadata.status, null);
      assert.equal(call?.metadata.time_to_first_byte_seconds, null);
      assert.deepEqual(call?.metadata.estimate, { input_tokens: 1, output_tokens: null, tokenizer: 'gpt-tokenizer:o200k_base' });
    },
  );
});

test('when the upstream breaks off, the client sees a broken response and the record says truncated', async () => {
  await withMeteredAttempt(
    (response, seen) => {
      if (JSON.parse(seen.body.toString()).stream === true) {
        response.setHeader('content-type', 'text/event-stream');
        response.write(streamEvents(true).shown.join(''), () => response.destroy());
      } else {
        response.setHeader('content-length', 1000);
        response.write('{"model":', () => response.destroy());
      }
    },
    async ({ run, endpoint }) => {
      for (const [index, body] of [STREAMED_CHAT_REQUEST, CHAT_REQUEST].entries()) {
        await assert.rejects(async () => (await postChatCompletion(endpoint, body)).text());
        const call = (await run.wait('llm_call', index + 1))[index];
        assert.equal(call?.metadata.outcome, 'truncated');
        assert.equal(call?.level, 'error');
        assert.equal(call?.metadata['gen_ai.usage.input_tokens'], null);
        assert.equal(call?.metadata.estimate?.input_tokens, 1);
        assert.equal(call?.metadata.estimate?.output_tokens === null, body === CHAT_REQUEST, 'a part of an answer has no text');
        assert.ok(call?.error !== undefined);
      }
    },
  );
});

test('a stream without its end marker is truncated even if its framing is complete', async () => {
  await withMeteredAttempt(
    (response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.end(streamEvents(true).shown.slice(0, 2).join(''));
    },
    async ({ run, endpoint }) => {
      await (await postChatCompletion(endpoint, STREAMED_CHAT_REQUEST)).text();
      assert.equal((await run.wait('llm_call', 1))[0]?.metadata.outcome, 'truncated');
    },
  );
});

test('a call is complete if the client disconnects at the end marker, or the stream has usage and no marker', async () => {
  const { shown, usage, done } = streamEvents(true);
  await withMeteredAttempt(
    (response, seen) => {
      response.setHeader('content-type', 'text/event-stream');
      if (JSON.parse(seen.body.toString()).mark === false) response.end(shown.join('') + usage);
      else response.write(shown.join('') + usage + done);
    },
    async ({ run, endpoint }) => {
      const controller = new AbortController();
      const response = await postChatCompletion(endpoint, STREAMED_CHAT_REQUEST, { signal: controller.signal });
      let text = '';
      const decoder = new TextDecoder();
      const reader = response.body?.getReader() ?? assert.fail();
      while (!text.includes('[DONE]')) text += decoder.decode((await reader.read()).value, { stream: true });
      controller.abort();
      await run.wait('llm_call', 1);
      await (await postChatCompletion(endpoint, { ...STREAMED_CHAT_REQUEST, mark: false })).text();
      for (const { metadata } of await run.wait('llm_call', 2)) {
        assert.equal(metadata.outcome, 'ok');
        assert.equal(metadata['gen_ai.usage.input_tokens'], 100);
      }
    },
  );
});

test('an error inside a stream is recorded as an upstream error', async () => {
  await withMeteredAttempt(
    (response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.end('data: {"error":{"message":"overloaded","type":"server_error"}}\n\ndata: [DONE]\n\n');
    },
    async ({ run, endpoint }) => {
      await (await postChatCompletion(endpoint, STREAMED_CHAT_REQUEST)).text();
      const [call] = await run.wait('llm_call', 1);
      assert.equal(call?.metadata.outcome, 'upstream_error');
      assert.equal(call?.error?.message, 'overloaded');
    },
  );
});

test('usage reported before an error in a stream is kept', async () => {
  const { shown, usage } = streamEvents(true);
  await withMeteredAttempt(
    (response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.end(`${shown.join('')}${usage}data: {"error":"overloaded"}\n\n`);
    },
    async ({ run, endpoint }) => {
      await (await postChatCompletion(endpoint, STREAMED_CHAT_REQUEST)).text();
      const [call] = await run.wait('llm_call', 1);
      assert.equal(call?.metadata.outcome, 'upstream_error');
      assert.equal(call?.metadata['gen_ai.usage.input_tokens'], 100);
    },
  );
});

test('a response with unrequested compression is still metered', async () => {
  const { shown, usage, done } = streamEvents(true);
  await withMeteredAttempt(
    (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
      response.end(gzipSync([...shown, usage, done].join('')));
    },
    async ({ run, endpoint }) => {
      assert.equal(
        await (await postChatCompletion(endpoint, STREAMED_CHAT_REQUEST)).text(),
        [...streamEvents(false).shown, done].join(''),
      );
      assert.equal((await run.wait('llm_call', 1))[0]?.metadata['gen_ai.usage.input_tokens'], 100);
    },
  );
});
