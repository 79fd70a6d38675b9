import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { withStep } from '../../src/log.ts';
import { startMeter, type MeteredEndpoint } from '../../src/meter.ts';
import { ledgerRun, type LedgerRun } from './ledger-run.ts';
import { completion, startUpstream, streamEvents, USAGE, type Answer, type UpstreamStub } from './upstream-stub.ts';

const PRICES = { 'gpt-test-2026': { input_price: 2.5, cached_price: 1.25, output_price: 10 } };

interface Setting {
  readonly run: LedgerRun;
  readonly upstream: UpstreamStub;
  readonly endpoint: MeteredEndpoint;
}

/** One attempt behind a meter in front of a stub; `path` is the upstream's own base path. */
async function metered(answer: Answer, fn: (setting: Setting) => Promise<void>, path = '/v1'): Promise<void> {
  await ledgerRun(async (run) => {
    await using upstream = await startUpstream(answer);
    await using meter = await startMeter({
      upstream: { baseUrl: upstream.origin + path, apiKey: 'real-key-1234' },
      prices: PRICES,
    });
    await withStep(1, { attempt: 2 }, async () => {
      const endpoint = meter.open({ runId: 'run-1', step: 1, attempt: 2 });
      await fn({ run, upstream, endpoint });
      await endpoint.close();
    });
  });
}

function ask(endpoint: MeteredEndpoint, body: object | string | Buffer, init: RequestInit = {}): Promise<Response> {
  return fetch(`${endpoint.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${endpoint.apiKey}`, 'content-type': 'application/json' },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    ...init,
  });
}

const WHOLE = { model: 'gpt-test', messages: [{ role: 'user', content: 'hello' }] };
const STREAM = { ...WHOLE, stream: true };

test('a call that is not streamed: key put in, bytes untouched, usage and cost recorded', async () => {
  await metered(
    (response) => completion(response),
    async ({ run, upstream, endpoint }) => {
      const body = '{ "model":"gpt-test",  "seed": 9007199254740993, "messages":[] }';
      const response = await ask(endpoint, body);
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
        path: '/chat/completions',
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
      });
    },
    '/proxy/openai/v1/',
  );
});

test('an answer without usage is recorded as unknown, never as 0', async () => {
  const answers = [undefined, {}, { prompt_tokens: -1, completion_tokens: 1.5 }];
  await metered(
    (response, seen) => {
      const usage = answers[JSON.parse(seen.body.toString()).n];
      completion(response, usage ?? (null as unknown as object));
    },
    async ({ run, endpoint }) => {
      for (const n of answers.keys()) await (await ask(endpoint, { ...WHOLE, n })).text();
      for (const { metadata } of await run.wait('llm_call', 3)) {
        assert.equal(metadata.outcome, 'ok');
        assert.equal(metadata['gen_ai.usage.input_tokens'], null);
        assert.equal(metadata['gen_ai.usage.output_tokens'], null);
        assert.equal(metadata.usage_source, 'none');
        assert.equal(metadata.cost_nano_usd, null);
      }
    },
  );
});

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
          const expected = client === 'asked for usage' ? [...shown, usage, done] : [...shown, done];
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
        if (shown.some((_, at) => text === shown.slice(0, at + 1).join(''))) next?.();
      }
      assert.equal(text, [...shown, done].join(''));
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
      assert.equal(call?.metadata.usage_source, 'none');
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
        assert.equal(call?.metadata.usage_source, 'none');
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

test('slashes too many do not lead past the meter', async () => {
  await metered(
    (response) => completion(response),
    async ({ run, upstream, endpoint }) => {
      for (const path of ['//chat/completions', '/chat//completions', '/chat/completions/']) {
        await (await fetch(endpoint.baseUrl + path, { method: 'POST', body: JSON.stringify(WHOLE) })).text();
      }
      await run.wait('llm_call', 3);
      assert.deepEqual(
        upstream.seen.map(({ url }) => url),
        ['/v1/chat/completions', '/v1/chat/completions', '/v1/chat/completions/'],
      );
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

test('the same request after a failed call is a retry of it; after a good one, or with another body, it is not', async () => {
  let calls = 0;
  await metered(
    (response) => {
      calls += 1;
      if (calls > 2) completion(response);
      else
        response
          .writeHead(429, { 'content-type': 'application/json', 'retry-after': '1' })
          .end('{"error":{"message":"slow down"}}');
    },
    async ({ run, endpoint }) => {
      const first = await ask(endpoint, WHOLE);
      assert.equal(first.status, 429);
      assert.equal(first.headers.get('retry-after'), '1');
      assert.deepEqual(await first.json(), { error: { message: 'slow down' } });
      for (const body of [WHOLE, WHOLE, WHOLE, { ...WHOLE, model: 'other' }]) await (await ask(endpoint, body)).text();
      const records = (await run.wait('llm_call', 5)).map(({ metadata }) => metadata);
      assert.deepEqual(
        records.map(({ outcome }) => outcome),
        ['http_error', 'http_error', 'ok', 'ok', 'ok'],
      );
      assert.deepEqual(
        records.map(({ retry_of }) => records.findIndex(({ call_id }) => call_id === retry_of)),
        [-1, 0, 1, -1, -1],
      );
      assert.equal(records[0]?.['gen_ai.usage.input_tokens'], null);
    },
  );
});

test('compressed requests are read and go on plain; what cannot be unpacked goes on as it came', async () => {
  const plain = Buffer.from(JSON.stringify(WHOLE));
  const forms: [string, Buffer][] = [
    ['gzip', gzipSync(plain)],
    ['deflate', deflateSync(plain)],
    ['br', brotliCompressSync(plain)],
    ['zstd', zstdCompressSync(plain)],
  ];
  await metered(
    (response) => completion(response),
    async ({ run, upstream, endpoint }) => {
      for (const [encoding, body] of [...forms, ['gzip', Buffer.from('no gzip')] as const, ['rot13', plain] as const]) {
        await (await ask(endpoint, body, { headers: { 'content-encoding': encoding } })).text();
      }
      for (const [index, [, packed]] of forms.entries()) {
        assert.deepEqual(upstream.seen[index]?.body, plain);
        assert.equal(upstream.seen[index]?.headers['content-encoding'], undefined);
        assert.equal((await run.wait('llm_call', 6))[index]?.metadata.request_bytes, packed.length);
      }
      assert.deepEqual(upstream.seen[4]?.body.toString(), 'no gzip');
      assert.equal(upstream.seen[5]?.headers['content-encoding'], 'rot13');
      const models = (await run.wait('llm_call', 6)).map(({ metadata }) => metadata['gen_ai.request.model']);
      assert.deepEqual(models, ['gpt-test', 'gpt-test', 'gpt-test', 'gpt-test', null, null]);
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
      assert.equal(await (await ask(endpoint, STREAM)).text(), [...shown, done].join(''));
      assert.equal((await run.wait('llm_call', 1))[0]?.metadata['gen_ai.usage.input_tokens'], 100);
    },
  );
});

test('a body above 32 MB passes unmodified', async () => {
  await metered(
    (response) => completion(response),
    async ({ run, upstream, endpoint }) => {
      const body = Buffer.from(JSON.stringify({ ...STREAM, padding: 'x'.repeat(33 * 1024 * 1024) }));
      assert.equal((await ask(endpoint, body)).status, 200);
      assert.ok(upstream.seen[0]?.body.equals(body));
      const [call] = await run.wait('llm_call', 1);
      assert.equal(call?.metadata.request_bytes, body.length);
      assert.equal(call?.metadata['gen_ai.request.model'], null);
      assert.equal(call?.metadata['gen_ai.usage.input_tokens'], 100);
    },
  );
});

test('two attempts at the same time are never mixed', async () => {
  await ledgerRun(async (run) => {
    await using upstream = await startUpstream((response, seen) => {
      const { step, n } = JSON.parse(seen.body.toString());
      setImmediate(() => completion(response, { prompt_tokens: step * 1000 + n, completion_tokens: 1 }));
    });
    await using meter = await startMeter({ upstream: { baseUrl: `${upstream.origin}/v1`, apiKey: null }, prices: {} });
    const attempt = (step: number): Promise<void> =>
      withStep(step, { attempt: step }, async () => {
        const endpoint = meter.open({ runId: 'run-1', step, attempt: step });
        await Promise.all(Array.from({ length: 50 }, async (_, n) => (await ask(endpoint, { ...WHOLE, step, n })).text()));
        await endpoint.close();
      });
    await Promise.all([1, 2].map(attempt));
    for (const step of [1, 2]) {
      const calls = run.lines('llm_call', step);
      assert.ok(calls.every((call) => call.step === step && call.attempt === step && call.late === undefined));
      const inputs = calls.map(({ metadata }) => metadata['gen_ai.usage.input_tokens'] ?? 0).sort((a, b) => a - b);
      assert.deepEqual(
        inputs,
        Array.from({ length: 50 }, (_, n) => step * 1000 + n),
      );
    }
    assert.equal(upstream.seen[0]?.headers.authorization, undefined, 'without a key none is sent');
  });
});

test('a call after the end of its step is recorded there and marked late', async () => {
  await ledgerRun(async (run) => {
    await using upstream = await startUpstream((response) => completion(response));
    await using meter = await startMeter({ upstream: { baseUrl: `${upstream.origin}/v1`, apiKey: null }, prices: {} });
    const endpoint = await withStep(1, { attempt: 1 }, async () => {
      const opened = meter.open({ runId: 'run-1', step: 1, attempt: 1 });
      await (await ask(opened, WHOLE)).text();
      await opened.close();
      return opened;
    });
    await withStep(2, { attempt: 1 }, async () => {
      await (await ask(endpoint, WHOLE)).text();
      await run.wait('llm_call', 2);
    });
    assert.deepEqual(
      run.lines('llm_call').map(({ step, late }) => [step, late]),
      [
        [1, undefined],
        [1, true],
      ],
    );
    assert.deepEqual(run.lines('llm_call', 2), []);
  });
});

test('a call after the end of its run is recorded in its step as well', async () => {
  await using upstream = await startUpstream((response) => completion(response));
  await using meter = await startMeter({ upstream: { baseUrl: `${upstream.origin}/v1`, apiKey: null }, prices: {} });
  await ledgerRun(
    () => withStep(1, { attempt: 1 }, async () => meter.open({ runId: 'run-1', step: 1, attempt: 1 })),
    async (run, endpoint) => {
      await (await ask(endpoint, WHOLE)).text();
      await endpoint.close();
      assert.deepEqual(
        run.lines('llm_call').map(({ step, late }) => [step, late]),
        [[1, true]],
      );
    },
  );
});

test('an upstream that cannot be reached is a 502 in the format of the wire, and a record', async () => {
  await ledgerRun(async (run) => {
    const upstream = await startUpstream(() => {});
    await upstream[Symbol.asyncDispose]();
    await using meter = await startMeter({ upstream: { baseUrl: `${upstream.origin}/v1`, apiKey: 'real-key-1234' }, prices: {} });
    await withStep(1, { attempt: 1 }, async () => {
      const endpoint = meter.open({ runId: 'run-1', step: 1, attempt: 1 });
      const response = await ask(endpoint, STREAM);
      assert.equal(response.status, 502);
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      assert.equal(error['code'], 'upstream_unreachable');
      assert.match(String(error['message']), /ECONNREFUSED/);
      const [call] = await run.wait('llm_call', 1);
      assert.equal(call?.metadata.outcome, 'upstream_error');
      assert.equal(call?.metadata.status, null);

      assert.equal((await fetch(`${endpoint.baseUrl}/models`)).status, 502);
      assert.equal((await run.wait('unmetered_request', 1))[0]?.metadata.status, null);
    });
    assert.ok(!readFileSync(join(run.dir, 'logs/step_001/metrics.log'), 'utf8').includes('real-key-1234'));
  });
});

test('addresses that belong to no attempt, and paths that climb, are refused', async () => {
  await metered(
    (response) => completion(response),
    async ({ upstream, endpoint }) => {
      const { origin, pathname } = new URL(endpoint.baseUrl);
      const token = pathname.split('/')[1] ?? '';
      assert.ok(token.length >= 20);
      assert.match(pathname, /^\/[\w-]+\/r\/run-1\/s\/1\/a\/2\/v1$/);
      const paths = ['/', '/v1/models', pathname, pathname.replace('/s/1/', '/s/2/') + '/models', `/${token}`];
      for (const path of [
        ...paths,
        pathname.replace(token, 'x') + '/models',
        `${pathname}/../admin`,
        `${pathname}/%2E%2e/admin`,
      ]) {
        // fetch would resolve the dots itself.
        const request = httpRequest(origin, { path, agent: false }).end();
        const [response] = await once(request, 'response');
        let text = '';
        for await (const chunk of response) text += chunk;
        assert.equal(response.statusCode, 404, path);
        assert.equal(JSON.parse(text).error.code, 'unknown_attempt');
      }
      assert.equal(upstream.seen.length, 0);
    },
  );
});

test('other paths pass through, with query and body, and are recorded as unmetered', async () => {
  await metered(
    (response, seen) => {
      response.setHeader('content-type', 'application/json').setHeader('connection', 'x-hop').setHeader('x-hop', '1');
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.end(seen.method === 'HEAD' ? undefined : JSON.stringify({ echo: seen.body.toString() }));
    },
    async ({ run, upstream, endpoint }) => {
      const models = await fetch(`${endpoint.baseUrl}/models?limit=2`);
      assert.deepEqual(await models.json(), { echo: '' });
      assert.equal(models.headers.get('x-hop'), null);
      assert.deepEqual(models.headers.getSetCookie(), ['a=1', 'b=2']);
      assert.equal((await fetch(`${endpoint.baseUrl}/models`, { method: 'HEAD' })).status, 200);
      const posted = await fetch(`${endpoint.baseUrl}/files`, { method: 'POST', body: 'content' });
      assert.deepEqual(await posted.json(), { echo: 'content' });
      assert.deepEqual(
        upstream.seen.map(({ method, url }) => `${method} ${url}`),
        ['GET /v1/models?limit=2', 'HEAD /v1/models', 'POST /v1/files'],
      );
      assert.deepEqual(
        (await run.wait('unmetered_request', 3)).map(({ metadata }) => metadata),
        [
          { method: 'GET', path: '/models', status: 200 },
          { method: 'HEAD', path: '/models', status: 200 },
          { method: 'POST', path: '/files', status: 200 },
        ],
      );
      assert.deepEqual(run.lines('llm_call'), []);
    },
  );
});

test('hop-by-hop headers of the client and its credentials do not reach the upstream', async () => {
  await metered(
    (response) => completion(response),
    async ({ upstream, endpoint }) => {
      const headers = {
        connection: 'keep-alive, x-private',
        'x-private': '1',
        'x-api-key': 'dummy',
        te: 'trailers',
        expect: '100-continue',
        'x-kept': 'yes',
        'content-type': 'application/json',
      };
      const request = httpRequest(`${endpoint.baseUrl}/chat/completions`, { method: 'POST', headers, agent: false });
      request.end(JSON.stringify(WHOLE));
      const [response] = await once(request, 'response');
      response.resume();
      await once(response, 'end');
      const seen = upstream.seen[0]?.headers ?? assert.fail();
      for (const name of ['x-private', 'x-api-key', 'te', 'expect']) assert.equal(seen[name], undefined, name);
      assert.equal(seen['x-kept'], 'yes');
      assert.equal(seen.host, new URL(upstream.origin).host);
    },
  );
});

test('the meter closes although the upstream never answers, and the call is recorded', async () => {
  await ledgerRun(async (run) => {
    let arrived: (() => void) | undefined;
    const asked = new Promise<void>((resolve) => (arrived = resolve));
    await using upstream = await startUpstream(() => arrived?.());
    const meter = await startMeter({ upstream: { baseUrl: `${upstream.origin}/v1`, apiKey: null }, prices: {} });
    await withStep(1, { attempt: 1 }, async () => {
      const pending = ask(meter.open({ runId: 'run-1', step: 1, attempt: 1 }), WHOLE);
      await asked;
      await Promise.all([assert.rejects(pending), meter[Symbol.asyncDispose]()]);
      assert.equal(run.lines('llm_call')[0]?.metadata.outcome, 'client_aborted');
    });
  });
});

test('a base URL that is none is refused with its value', async () => {
  for (const baseUrl of ['api.openai.com/v1', 'ftp://host/v1', '']) {
    await assert.rejects(startMeter({ upstream: { baseUrl, apiKey: null }, prices: {} }), {
      code: 'UPSTREAM_URL_INVALID',
      message: new RegExp(JSON.stringify(baseUrl)),
    });
  }
});
