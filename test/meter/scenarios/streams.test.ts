import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ask, metered, STREAM, WHOLE } from '../metered-attempt.ts';
import { streamEvents, USAGE } from '../upstream-stub.ts';

for (const [name, end] of [
  ['LF', '\n'],
  ['CRLF', '\r\n'],
] as const) {
  for (const client of ['asked for usage', 'did not ask', 'declined'] as const) {
    test(`a stream with a chunk border at every byte, ${name}, client ${client}`, async () => {
      const { shown, usage, done } = streamEvents(true, end);
      await metered(
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
          const response = await ask(endpoint, { ...STREAM, ...(stream_options === undefined ? {} : { stream_options }) });
          const expected = client === 'asked for usage' ? [...shown, usage, done] : [...streamEvents(false, end).shown, done];
          assert.equal(await response.text(), expected.join(''));
          const sent = JSON.parse(upstream.seen[0]?.body.toString() ?? '');
          assert.deepEqual(sent, { ...STREAM, stream_options: { ...stream_options, include_usage: true } });
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

test('each event reaches the client before the next one is there', async () => {
  const { shown, usage, done } = streamEvents(true);
  const unasked = streamEvents(false).shown;
  let next: (() => void) | undefined;
  await metered(
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
      const response = await ask(endpoint, STREAM);
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

test('the head of a stream does not wait for its first event', async () => {
  const { shown, done } = streamEvents(false);
  let headReceived: (() => void) | undefined;
  const received = new Promise<void>((resolve) => (headReceived = resolve));
  await metered(
    async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      await received;
      response.end(shown.join('') + done);
    },
    async ({ endpoint }) => {
      const response = await ask(endpoint, STREAM);
      assert.equal(response.headers.get('content-type'), 'text/event-stream');
      headReceived?.();
      assert.equal(await response.text(), shown.join('') + done);
    },
  );
});

test('a client that leaves: the upstream call is ended too, and its tokens are unknown', async () => {
  let gone: Promise<unknown> = Promise.resolve();
  await metered(
    (response) => {
      gone = once(response, 'close');
      response.setHeader('content-type', 'text/event-stream');
      response.write(streamEvents(true).shown.join(''));
    },
    async ({ run, endpoint }) => {
      const controller = new AbortController();
      const response = await ask(endpoint, STREAM, { signal: controller.signal });
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

test('a client that leaves before the answer begins', async () => {
  let arrived: (() => void) | undefined;
  const asked = new Promise<void>((resolve) => (arrived = resolve));
  await metered(
    () => arrived?.(),
    async ({ run, endpoint }) => {
      const controller = new AbortController();
      const pending = ask(endpoint, WHOLE, { signal: controller.signal });
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

test('an upstream that breaks off: the client sees a broken answer, the record says truncated', async () => {
  await metered(
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
      for (const [index, body] of [STREAM, WHOLE].entries()) {
        await assert.rejects(async () => (await ask(endpoint, body)).text());
        const call = (await run.wait('llm_call', index + 1))[index];
        assert.equal(call?.metadata.outcome, 'truncated');
        assert.equal(call?.level, 'error');
        assert.equal(call?.metadata['gen_ai.usage.input_tokens'], null);
        assert.equal(call?.metadata.estimate?.input_tokens, 1);
        assert.equal(call?.metadata.estimate?.output_tokens === null, body === WHOLE, 'a part of an answer has no text');
        assert.ok(call?.error !== undefined);
      }
    },
  );
});

test('a stream that ends without its closing mark is truncated although its framing is whole', async () => {
  await metered(
    (response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.end(streamEvents(true).shown.slice(0, 2).join(''));
    },
    async ({ run, endpoint }) => {
      await (await ask(endpoint, STREAM)).text();
      assert.equal((await run.wait('llm_call', 1))[0]?.metadata.outcome, 'truncated');
    },
  );
});

test('a client that hangs up at the closing mark has a complete answer; so has a stream with usage and no mark', async () => {
  const { shown, usage, done } = streamEvents(true);
  await metered(
    (response, seen) => {
      response.setHeader('content-type', 'text/event-stream');
      if (JSON.parse(seen.body.toString()).mark === false) response.end(shown.join('') + usage);
      else response.write(shown.join('') + usage + done);
    },
    async ({ run, endpoint }) => {
      const controller = new AbortController();
      const response = await ask(endpoint, STREAM, { signal: controller.signal });
      let text = '';
      const decoder = new TextDecoder();
      const reader = response.body?.getReader() ?? assert.fail();
      while (!text.includes('[DONE]')) text += decoder.decode((await reader.read()).value, { stream: true });
      controller.abort();
      await run.wait('llm_call', 1);
      await (await ask(endpoint, { ...STREAM, mark: false })).text();
      for (const { metadata } of await run.wait('llm_call', 2)) {
        assert.equal(metadata.outcome, 'ok');
        assert.equal(metadata['gen_ai.usage.input_tokens'], 100);
      }
    },
  );
});

test('an error inside a stream is an upstream error', async () => {
  await metered(
    (response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.end('data: {"error":{"message":"overloaded","type":"server_error"}}\n\ndata: [DONE]\n\n');
    },
    async ({ run, endpoint }) => {
      await (await ask(endpoint, STREAM)).text();
      const [call] = await run.wait('llm_call', 1);
      assert.equal(call?.metadata.outcome, 'upstream_error');
      assert.equal(call?.error?.message, 'overloaded');
    },
  );
});

test('usage that a stream has stated stays known when an error follows', async () => {
  const { shown, usage } = streamEvents(true);
  await metered(
    (response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.end(`${shown.join('')}${usage}data: {"error":"overloaded"}\n\n`);
    },
    async ({ run, endpoint }) => {
      await (await ask(endpoint, STREAM)).text();
      const [call] = await run.wait('llm_call', 1);
      assert.equal(call?.metadata.outcome, 'upstream_error');
      assert.equal(call?.metadata['gen_ai.usage.input_tokens'], 100);
    },
  );
});

test('an answer that comes compressed although it was asked not to be is still metered', async () => {
  const { shown, usage, done } = streamEvents(true);
  await metered(
    (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
      response.end(gzipSync([...shown, usage, done].join('')));
    },
    async ({ run, endpoint }) => {
      assert.equal(await (await ask(endpoint, STREAM)).text(), [...streamEvents(false).shown, done].join(''));
      assert.equal((await run.wait('llm_call', 1))[0]?.metadata['gen_ai.usage.input_tokens'], 100);
    },
  );
});
