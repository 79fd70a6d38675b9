import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withStep } from '../../src/log/index.ts';
import { startMeter } from '../../src/meter/index.ts';
import { withLedgerRun } from './ledger-run.ts';
import {
  postChatCompletion,
  withMeteredAttempt,
  openRunWithoutKeyOrPrices,
  REAL_KEY,
  STREAMED_CHAT_REQUEST,
  CHAT_REQUEST,
} from './metered-attempt.ts';
import { sendCompletion, startUpstreamStub, USAGE } from './upstream-stub.ts';

test('a non-streamed call gets the real key, keeps its bytes, and its usage and cost are recorded', async () => {
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ run, upstream, endpoint }) => {
      const body = '{ "model":"gpt-test",  "seed": 9007199254740993, "messages":[] }';
      const response = await postChatCompletion(endpoint, body);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('x-request-id'), 'req-1');
      assert.deepEqual(((await response.json()) as { usage: object }).usage, USAGE);

      const [seen] = upstream.seen;
      assert.equal(seen?.url, '/proxy/openai/v1/chat/completions');
      assert.equal(seen?.body.toString(), body);
      assert.equal(seen?.headers.authorization, 'Bearer real-key-1234');
      assert.equal(seen?.headers['accept-encoding'], 'identity');

      const [call] = await run.wait('llm_call', 1);
      const [start] = run.lines('llm_call_start');
      assert.equal(call?.attempt, 2);
      assert.equal(call?.level, 'info');
      const { call_id, duration_seconds, time_to_first_byte_seconds, ...facts } = call?.metadata ?? assert.fail();
      assert.equal(start?.metadata.call_id, call_id);
      assert.ok(time_to_first_byte_seconds !== null && time_to_first_byte_seconds <= duration_seconds);
      assert.deepEqual(facts, {
        wire: 'openai.chat',
        path: '/v1/chat/completions',
        outcome: 'ok',
        status: 200,
        'gen_ai.request.model': 'gpt-test',
        'gen_ai.response.model': 'gpt-test-2026',
        'gen_ai.request.stream': false,
        'gen_ai.usage.input_tokens': 100,
        'gen_ai.usage.output_tokens': 20,
        'gen_ai.usage.cache_read.input_tokens': 40,
        'gen_ai.usage.cache_write.input_tokens': null,
        'gen_ai.usage.reasoning.output_tokens': 5,
        usage_source: 'provider',
        usage_raw: USAGE,
        provider_request_id: 'req-1',
        request_bytes: body.length,
        response_bytes: facts.response_bytes,
        retry_of: null,
        cost_nano_usd: 60 * 2500 + 40 * 1250 + 20 * 10000,
        price_source: 'config:gpt-test-2026',
        attribution: 'url',
        phase: null,
        estimate: null,
      });
    },
    { path: '/proxy/openai/v1/' },
  );
});

test('a response without usage is recorded as unknown, never as 0, together with an estimate', async () => {
  const answers = [undefined, {}, { prompt_tokens: -1, completion_tokens: 1.5 }];
  await withMeteredAttempt(
    (response, seen) => {
      const usage = answers[JSON.parse(seen.body.toString()).n];
      sendCompletion(response, usage ?? (null as unknown as object));
    },
    async ({ run, endpoint }) => {
      for (const n of answers.keys()) await (await postChatCompletion(endpoint, { ...CHAT_REQUEST, n })).text();
      for (const { metadata } of await run.wait('llm_call', 3)) {
        assert.equal(metadata.outcome, 'ok');
        assert.equal(metadata['gen_ai.usage.input_tokens'], null);
        assert.equal(metadata['gen_ai.usage.output_tokens'], null);
        assert.equal(metadata.usage_source, 'estimate');
        assert.equal(metadata.estimate?.input_tokens, 1);
        assert.ok((metadata.estimate.output_tokens ?? 0) > 2);
        assert.equal(metadata.cost_nano_usd, null);
      }
    },
  );
});

test('an unreachable upstream yields a 502 in the format of the wire, and a record', async () => {
  await withLedgerRun(async (run) => {
    const upstream = await startUpstreamStub(() => {});
    await upstream[Symbol.asyncDispose]();
    await using meter = await startMeter();
    const runMeter = openRunWithoutKeyOrPrices(meter, `${upstream.origin}/v1`, {
      upstream: { baseUrl: `${upstream.origin}/v1`, apiKey: REAL_KEY },
    });
    await withStep(1, { attempt: 1 }, async () => {
      const endpoint = runMeter.openAttempt({ step: 1, attempt: 1 });
      const response = await postChatCompletion(endpoint, STREAMED_CHAT_REQUEST);
      assert.equal(response.status, 502);
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      assert.equal(error['code'], 'upstream_unreachable');
      assert.match(String(error['message']), /ECONNREFUSED/);
      const [call] = await run.wait('llm_call', 1);
      assert.equal(call?.metadata.outcome, 'unreachable');
      assert.equal(call?.metadata.status, null);

      assert.equal((await fetch(`${endpoint.baseUrl}/files`)).status, 502);
      assert.equal((await run.wait('unmetered_request', 1))[0]?.metadata.status, null);
    });
    assert.ok(!readFileSync(join(run.dir, 'logs/step_001/metrics.log'), 'utf8').includes('real-key-1234'));
  });
});

test('a provider error is recorded with its message, even with status 200', async () => {
  await withMeteredAttempt(
    (response, seen) => {
      const { status } = JSON.parse(seen.body.toString()) as { status: number };
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{"message":"no such model"}}');
    },
    async ({ run, endpoint }) => {
      for (const status of [404, 200]) await (await postChatCompletion(endpoint, { ...CHAT_REQUEST, status })).text();
      const calls = await run.wait('llm_call', 2);
      assert.deepEqual(
        calls.map(({ metadata, error }) => [metadata.outcome, error?.message]),
        [
          ['http_error', 'no such model'],
          ['upstream_error', 'no such model'],
        ],
      );
    },
  );
});

test('a real key repeated by the upstream reaches neither the framework nor the records', async () => {
  await withMeteredAttempt(
    (response, seen) => {
      const sent = seen.headers.authorization;
      response.writeHead(401, { 'content-type': 'application/json', 'x-sent': sent });
      response.end(JSON.stringify({ error: { message: `wrong key: ${sent}`, again: sent } }));
    },
    async ({ run, upstream, endpoint }) => {
      for (const path of ['/chat/completions', '/debug']) {
        const response = await fetch(endpoint.baseUrl + path, { method: 'POST', body: JSON.stringify(CHAT_REQUEST) });
        assert.equal(response.headers.get('x-sent'), `Bearer ${'*'.repeat(REAL_KEY.length)}`);
        const text = await response.text();
        assert.ok(!text.includes(REAL_KEY) && text.includes('wrong key: Bearer ***'));
      }
      assert.equal(upstream.seen[1]?.headers.authorization, `Bearer ${REAL_KEY}`);
      await run.wait('llm_call', 1);
      assert.ok(!readFileSync(join(run.dir, 'logs/step_001/metrics.log'), 'utf8').includes(REAL_KEY));
    },
  );
});
