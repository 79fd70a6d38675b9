import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { startMeter } from '../../src/meter/index.ts';
import {
  postChatCompletion,
  withMeteredAttempt,
  openRunWithoutKeyOrPrices,
  STREAMED_CHAT_REQUEST,
  CHAT_REQUEST,
} from './metered-attempt.ts';
import { sendCompletion } from './upstream-stub.ts';

test('repeated slashes in a path do not bypass the meter', async () => {
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ run, upstream, endpoint }) => {
      for (const path of ['//chat/completions', '/chat//completions', '/chat/completions/']) {
        await (await fetch(endpoint.baseUrl + path, { method: 'POST', body: JSON.stringify(CHAT_REQUEST) })).text();
      }
      await run.wait('llm_call', 3);
      assert.deepEqual(
        upstream.seen.map(({ url }) => url),
        ['/v1/chat/completions', '/v1/chat/completions', '/v1/chat/completions/'],
      );
    },
  );
});

test('compressed requests are forwarded decompressed; those that cannot be decompressed are forwarded unchanged', async () => {
  const plain = Buffer.from(JSON.stringify(CHAT_REQUEST));
  const forms: [string, Buffer][] = [
    ['gzip', gzipSync(plain)],
    ['deflate', deflateSync(plain)],
    ['br', brotliCompressSync(plain)],
    ['zstd', zstdCompressSync(plain)],
  ];
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ run, upstream, endpoint }) => {
      for (const [encoding, body] of [...forms, ['gzip', Buffer.from('no gzip')] as const, ['rot13', plain] as const]) {
        await (await postChatCompletion(endpoint, body, { headers: { 'content-encoding': encoding } })).text();
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

test('a body above 32 MB is forwarded unchanged', async () => {
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ run, upstream, endpoint }) => {
      const body = Buffer.from(JSON.stringify({ ...STREAMED_CHAT_REQUEST, padding: 'x'.repeat(33 * 1024 * 1024) }));
      assert.equal((await postChatCompletion(endpoint, body)).status, 200);
      assert.ok(upstream.seen[0]?.body.equals(body));
      const [call] = await run.wait('llm_call', 1);
      assert.equal(call?.metadata.request_bytes, body.length);
      assert.equal(call?.metadata['gen_ai.request.model'], null);
      assert.equal(call?.metadata['gen_ai.usage.input_tokens'], 100);
    },
  );
});

test('unknown addresses and paths with `..` are refused', async () => {
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ upstream, endpoint }) => {
      const { origin, pathname } = new URL(endpoint.baseUrl);
      const token = pathname.split('/')[1] ?? '';
      assert.ok(token.length >= 20);
      assert.match(pathname, /^\/[\w-]+\/r\/run-1\/s\/1\/a\/2\/v1$/);
      const paths = ['/', '/v1/models', pathname.replace('/s/1/', '/s/2/') + '/models', `/${token}`];
      for (const path of [
        ...paths,
        pathname.replace(token, 'x') + '/models',
        `${pathname}/../admin`,
        `${pathname}/%2E%2e/admin`,
        `${pathname}/..%2Fadmin`,
        `${pathname}/x%5C..%5cadmin`,
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

test('unknown paths are forwarded with query and body, and recorded as unmetered', async () => {
  await withMeteredAttempt(
    (response, seen) => {
      response.setHeader('content-type', 'application/json').setHeader('connection', 'x-hop').setHeader('x-hop', '1');
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.end(seen.method === 'HEAD' ? undefined : JSON.stringify({ echo: seen.body.toString() }));
    },
    async ({ run, upstream, endpoint }) => {
      const listed = await fetch(`${endpoint.baseUrl}/files?limit=2`);
      assert.deepEqual(await listed.json(), { echo: '' });
      assert.equal(listed.headers.get('x-hop'), null);
      assert.deepEqual(listed.headers.getSetCookie(), ['a=1', 'b=2']);
      assert.equal((await fetch(`${endpoint.baseUrl}/files`, { method: 'HEAD' })).status, 200);
      const posted = await fetch(`${endpoint.baseUrl}/files`, { method: 'POST', body: 'content' });
      assert.deepEqual(await posted.json(), { echo: 'content' });
      assert.deepEqual(
        upstream.seen.map(({ method, url }) => `${method} ${url}`),
        ['GET /v1/files?limit=2', 'HEAD /v1/files', 'POST /v1/files'],
      );
      assert.deepEqual(
        (await run.wait('unmetered_request', 3)).map(({ metadata }) => metadata),
        [
          { method: 'GET', path: '/v1/files', status: 200 },
          { method: 'HEAD', path: '/v1/files', status: 200 },
          { method: 'POST', path: '/v1/files', status: 200 },
        ],
      );
      assert.deepEqual(run.lines('llm_call'), []);
    },
  );
});

test('hop-by-hop headers of the client do not reach the upstream', async () => {
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ upstream, endpoint }) => {
      const headers = {
        connection: 'keep-alive, x-private',
        'x-private': '1',
        'proxy-authorization': 'Basic eDp5',
        te: 'trailers',
        expect: '100-continue',
        'x-kept': 'yes',
        'content-type': 'application/json',
      };
      const request = httpRequest(`${endpoint.baseUrl}/chat/completions`, { method: 'POST', headers, agent: false });
      request.end(JSON.stringify(CHAT_REQUEST));
      const [response] = await once(request, 'response');
      response.resume();
      await once(response, 'end');
      const seen = upstream.seen[0]?.headers ?? assert.fail();
      for (const name of ['x-private', 'proxy-authorization', 'te', 'expect']) assert.equal(seen[name], undefined, name);
      assert.equal(seen['x-kept'], 'yes');
      assert.equal(seen.host, new URL(upstream.origin).host);
    },
  );
});

test('an invalid base URL is rejected, and the error shows its value', async () => {
  await using meter = await startMeter();
  const refused = (baseUrl: string): string => {
    try {
      openRunWithoutKeyOrPrices(meter, baseUrl);
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'UPSTREAM_URL_INVALID');
      return (error as Error).message;
    }
    return assert.fail(`${baseUrl} was taken`);
  };
  for (const baseUrl of ['api.openai.com/v1', 'ftp://host/v1', '', 'http://host/v1?api-version=1', 'http://host/v1#a'])
    assert.ok(refused(baseUrl).includes(JSON.stringify(baseUrl)));
  const message = refused('https://me:pass-word@host/v1');
  assert.match(message, /user name or password/);
  assert.doesNotMatch(message, /pass-word/);
});

test('an absolute request target and the bare address are accepted', async () => {
  await withMeteredAttempt(
    (response) => void response.end('here'),
    async ({ run, upstream, endpoint }) => {
      const { hostname, port } = new URL(endpoint.rootUrl);
      for (const path of [`${endpoint.baseUrl}/models`, `${endpoint.rootUrl}?a=1`]) {
        const request = httpRequest({ hostname, port, path, agent: false }).end();
        const [response] = await once(request, 'response');
        assert.equal(response.statusCode, 200);
        response.resume();
        await once(response, 'end');
      }
      assert.equal((await fetch(endpoint.rootUrl, { method: 'HEAD' })).status, 200);
      assert.equal((await fetch(`${endpoint.rootUrl}0/v1/models`)).status, 404);
      assert.deepEqual(
        upstream.seen.map(({ url }) => url),
        ['/v1/models', '/?a=1', '/'],
      );
      await run.wait('unmetered_request', 2);
    },
  );
});

test('a body without a content-length is forwarded with any method', async () => {
  await withMeteredAttempt(
    (response) => void response.end('gone'),
    async ({ upstream, endpoint }) => {
      const request = httpRequest(`${endpoint.baseUrl}/files/1`, {
        method: 'DELETE',
        headers: { 'transfer-encoding': 'chunked' },
        agent: false,
      });
      request.end('why');
      const [response] = await once(request, 'response');
      response.resume();
      await once(response, 'end');
      assert.equal(upstream.seen[0]?.body.toString(), 'why');
    },
  );
});

test('a slow client gets everything, and the proxy buffers little', async (t) => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const event = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'x'.repeat(400) } }] })}\n\n`;
  await withMeteredAttempt(
    (response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.end(`${event.repeat(20_000)}data: [DONE]\n\n`);
    },
    async ({ endpoint }) => {
      const response = await postChatCompletion(endpoint, STREAMED_CHAT_REQUEST);
      let bytes = 0;
      for await (const chunk of response.body ?? assert.fail()) {
        bytes += chunk.length;
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(bytes, event.length * 20_000 + 'data: [DONE]\n\n'.length);
    },
  );
  assert.deepEqual(warnings, []);
});

test('a client that stops reading pauses the upstream, and gets everything when it resumes', async () => {
  const piece = Buffer.from(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'x'.repeat(60_000) } }] })}\n\n`);
  const pieces = 1000;
  let written = 0;
  await withMeteredAttempt(
    async (response) => {
      response.setHeader('content-type', 'text/event-stream');
      for (; written < pieces; written += 1) if (!response.write(piece)) await once(response, 'drain');
      response.end();
    },
    async ({ endpoint }) => {
      const request = httpRequest(`${endpoint.baseUrl}/chat/completions`, { method: 'POST', agent: false });
      request.end(JSON.stringify(STREAMED_CHAT_REQUEST));
      const [response] = await once(request, 'response');
      // All of it happens in this process: where many turns of its loop bring nothing more, nothing more comes.
      for (let still = 0, before = -1; still < 500; still += 1) {
        if (written !== before) still = 0;
        before = written;
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.ok(written < pieces / 2, `${written} of ${pieces} pieces have left the upstream`);
      let bytes = 0;
      for await (const chunk of response) bytes += chunk.length;
      assert.equal(bytes, pieces * piece.length);
    },
  );
});
