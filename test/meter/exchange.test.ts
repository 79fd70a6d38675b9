import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { currentScope } from '../../src/log/index.ts';
import type { Exchange, ExchangeRecorder } from '../../src/meter/index.ts';
import { postChatCompletion, withMeteredAttempt, REAL_KEY, STREAMED_CHAT_REQUEST, CHAT_REQUEST } from './metered-attempt.ts';
import { sendCompletion, streamEvents } from './upstream-stub.ts';

interface Taken extends Exchange {
  readonly scope: ReturnType<typeof currentScope>;
}

function recorderOf(maxBytes = 1024 * 1024): { recorder: ExchangeRecorder; taken: Taken[] } {
  const taken: Taken[] = [];
  return { taken, recorder: { maxBytes, record: (exchange) => void taken.push({ ...exchange, scope: currentScope() }) } };
}

test('an exchange holds the request as sent and the response as received, with the key masked, in the scope of the call', async () => {
  const { shown, usage, done } = streamEvents(true);
  const { recorder, taken } = recorderOf();
  await withMeteredAttempt(
    (response, seen) => {
      if (JSON.parse(seen.body.toString()).stream === true) {
        response.setHeader('content-type', 'text/event-stream');
        response.end([...shown, usage, done].join(''));
      } else {
        response.setHeader('x-secret', 'of the provider');
        sendCompletion(response, { prompt_tokens: 1, completion_tokens: 1, key: seen.headers.authorization });
      }
    },
    async ({ run, endpoint, upstream }) => {
      await (
        await postChatCompletion(endpoint, gzipSync(JSON.stringify(CHAT_REQUEST)), { headers: { 'content-encoding': 'gzip' } })
      ).text();
      const url = `${endpoint.rootUrl}/v1/chat/completions?api-version=2&key=${endpoint.apiKey}`;
      await (await fetch(url, { method: 'POST', body: JSON.stringify(STREAMED_CHAT_REQUEST) })).text();
      await run.wait('llm_call', 2);
      const [whole, streamed] = taken;
      const { body, durationMs, request, ...facts } = whole ?? assert.fail();
      assert.deepEqual(facts, {
        wire: 'openai.chat',
        method: 'POST',
        path: '/v1/chat/completions',
        step: 1,
        attempt: 2,
        status: 200,
        headers: { 'content-type': 'application/json', 'x-request-id': 'req-1' },
        complete: true,
        oversized: false,
        streamed: false,
        scope: facts.scope,
      });
      assert.deepEqual([facts.scope?.runId, facts.scope?.step, facts.scope?.attempt], ['run-1', 1, 2]);
      assert.ok(durationMs > 0);
      assert.deepEqual(JSON.parse(String(request)), CHAT_REQUEST);
      assert.equal(JSON.parse(String(body)).usage.key, `Bearer ${'*'.repeat(REAL_KEY.length)}`);

      assert.equal(streamed?.path, '/v1/chat/completions?api-version=2');
      assert.equal(String(streamed?.request), String(upstream.seen[1]?.body));
      assert.match(String(streamed?.request), /include_usage/);
      assert.equal(String(streamed?.body), [...shown, usage, done].join(''), 'with the usage that the client does not see');
      assert.deepEqual([streamed?.complete, streamed?.streamed], [true, true]);
    },
    { recorder },
  );
});

test('lookups, unknown paths and errors are exchanges; the proxy’s own responses are not', async () => {
  const { recorder, taken } = recorderOf();
  await withMeteredAttempt(
    (response, seen) => {
      response.writeHead(seen.url.includes('missing') ? 404 : 200, { 'content-type': 'text/plain' });
      response.end(`${seen.method} ${String(seen.body)}`);
    },
    async ({ run, endpoint }) => {
      await (await fetch(`${endpoint.baseUrl}/models`)).text();
      await (await fetch(`${endpoint.baseUrl}/files`, { method: 'POST', body: 'content' })).text();
      await (await fetch(`${endpoint.rootUrl}/v1beta/missing?x=1`)).text();
      await (await fetch(`${endpoint.rootUrl}/../nowhere`)).text();
      await run.wait('llm_lookup', 1);
      await run.wait('unmetered_request', 2);
      assert.deepEqual(
        taken.map(({ wire, method, path, status, request, body }) => [wire, method, path, status, String(request), String(body)]),
        [
          ['openai.models', 'GET', '/v1/models', 200, '', 'GET '],
          [null, 'POST', '/v1/files', 200, 'content', 'POST content'],
          [null, 'GET', '/v1beta/missing?x=1', 404, '', 'GET '],
        ],
      );
    },
    { recorder },
  );
});

test('a body larger than maxBytes is not buffered in full, and the exchange says so', async () => {
  const { recorder, taken } = recorderOf(1000);
  const events = streamEvents(true);
  await withMeteredAttempt(
    (response, seen) => {
      if (seen.url.endsWith('/files')) response.end('f'.repeat(5000));
      else if (JSON.parse(seen.body.toString()).stream === true) {
        response.setHeader('content-type', 'text/event-stream');
        response.end(events.shown.join('').repeat(10) + events.usage + events.done);
      } else sendCompletion(response, { prompt_tokens: 1, completion_tokens: 1, filler: 'x'.repeat(5000) });
    },
    async ({ run, endpoint }) => {
      const long = { ...CHAT_REQUEST, filler: 'y'.repeat(2000) };
      await (await postChatCompletion(endpoint, long)).text();
      await (await postChatCompletion(endpoint, STREAMED_CHAT_REQUEST)).text();
      await (await fetch(`${endpoint.baseUrl}/files`, { method: 'POST', body: 'z'.repeat(2000) })).text();
      const calls = await run.wait('llm_call', 2);
      await run.wait('unmetered_request', 1);
      assert.deepEqual(
        taken.map(({ request, body, complete, oversized }) => [request, body.length <= 1000, complete, oversized]),
        [
          [null, true, true, true],
          [taken[1]?.request, true, true, true],
          [null, true, true, true],
        ],
      );
      assert.ok(taken[1]?.request !== null);
      assert.deepEqual(
        calls.map(({ metadata }) => metadata['gen_ai.usage.input_tokens']),
        [1, 100],
        'what is read for the ledger does not depend on it',
      );
    },
    { recorder },
  );
});

test('truncated, abandoned and missing responses are exchanges', async () => {
  const { recorder, taken } = recorderOf();
  let gone: Promise<unknown> = Promise.resolve();
  await withMeteredAttempt(
    (response, seen) => {
      const { n } = JSON.parse(seen.body.toString()) as { n: number };
      if (n === 2) {
        response.destroy();
        return;
      }
      response.setHeader('content-type', 'text/event-stream');
      gone = once(response, 'close');
      response.write(streamEvents(true).shown.join(''), () => n === 0 && response.destroy());
    },
    async ({ run, endpoint }) => {
      await assert.rejects(async () => (await postChatCompletion(endpoint, { ...STREAMED_CHAT_REQUEST, n: 0 })).text());
      const controller = new AbortController();
      const response = await postChatCompletion(endpoint, { ...STREAMED_CHAT_REQUEST, n: 1 }, { signal: controller.signal });
      await response.body?.getReader().read();
      controller.abort();
      await gone;
      assert.equal((await postChatCompletion(endpoint, { ...STREAMED_CHAT_REQUEST, n: 2 })).status, 502);
      await run.wait('llm_call', 3);
      const begun = streamEvents(true).shown.join('');
      assert.deepEqual(
        taken.map(({ status, body, complete, oversized }) => [status, begun.startsWith(String(body)), complete, oversized]),
        [
          [200, true, false, false],
          [200, true, false, false],
          [null, true, false, false],
        ],
      );
      assert.equal(taken[2]?.body.length, 0);
    },
    { recorder },
  );
});

test('an exception in the recorder is recorded and has no other effect', async () => {
  const recorder = {
    maxBytes: 1000,
    record() {
      throw new Error('no space left');
    },
  };
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ run, endpoint }) => {
      assert.equal((await postChatCompletion(endpoint, CHAT_REQUEST)).status, 200);
      assert.equal((await run.wait('llm_call', 1))[0]?.metadata.outcome, 'ok');
      const [lost] = await run.wait('cassette_incomplete', 1);
      assert.deepEqual(lost?.metadata, { exchanges: 1, reason: 'no space left' });
    },
    { recorder },
  );
});
