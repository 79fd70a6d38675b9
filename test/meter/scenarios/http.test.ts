import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { MeteredEndpoint } from '../../../src/meter/index.ts';
import { withMeteredAttempt, REAL_KEY, STREAMED_CHAT_REQUEST, CHAT_REQUEST } from '../metered-attempt.ts';
import { sendCompletion, streamEvents, startUpstreamStub } from '../upstream-stub.ts';

async function send(url: string, options: RequestOptions, body?: string): Promise<IncomingMessage> {
  const request = httpRequest(url, { agent: false, ...options });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

test('responses without a body (HEAD, 204, 304) are relayed', async () => {
  await withMeteredAttempt(
    (response, seen) => {
      if (seen.method === 'HEAD') response.writeHead(200, { 'content-length': 1234, etag: '"a"' }).end();
      else if (seen.url.endsWith('304')) response.writeHead(304, { etag: '"a"' }).end();
      else response.writeHead(204).end();
    },
    async ({ run, endpoint }) => {
      const head = await send(`${endpoint.baseUrl}/files`, { method: 'HEAD' });
      assert.deepEqual([head.statusCode, head.headers['content-length'], await text(head)], [200, '1234', '']);
      for (const status of [204, 304]) {
        const response = await send(`${endpoint.baseUrl}/files/${status}`, { method: status === 204 ? 'DELETE' : 'GET' });
        assert.deepEqual([response.statusCode, await text(response)], [status, '']);
      }
      const passed = await run.wait('unmetered_request', 3);
      assert.deepEqual(
        passed.map(({ metadata }) => metadata.status),
        [200, 204, 304],
      );
    },
  );
});

test('the proxy answers expect: 100-continue before the body arrives', async () => {
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ run, upstream, endpoint }) => {
      const body = JSON.stringify(CHAT_REQUEST);
      const headers = { expect: '100-continue', 'content-type': 'application/json', 'content-length': body.length };
      const request = httpRequest(`${endpoint.baseUrl}/chat/completions`, { method: 'POST', headers, agent: false });
      request.flushHeaders();
      await once(request, 'continue');
      request.end(body);
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      assert.equal(response.statusCode, 200);
      await text(response);
      assert.equal(upstream.seen[0]?.headers.expect, undefined);
      await run.wait('llm_call', 1);
    },
  );
});

test('response trailers are relayed with the real key masked', async () => {
  await withMeteredAttempt(
    (response, seen) => {
      response.writeHead(200, { 'content-type': 'application/json', trailer: 'x-sum, x-key' });
      response.write('{"choices":[]');
      response.addTrailers({ 'x-sum': '42', 'x-key': String(seen.headers.authorization) });
      response.end('}');
    },
    async ({ endpoint }) => {
      const response = await send(`${endpoint.baseUrl}/chat/completions`, { method: 'POST' }, JSON.stringify(CHAT_REQUEST));
      assert.equal(await text(response), '{"choices":[]}');
      assert.deepEqual({ ...response.trailers }, { 'x-sum': '42', 'x-key': `Bearer ${'*'.repeat(REAL_KEY.length)}` });
    },
  );
});

test('trailers of a request that is not parsed are forwarded', async () => {
  let trailers: NodeJS.Dict<string> = {};
  await withMeteredAttempt(
    (response, _seen, request) => {
      ({ trailers } = request);
      response.end('{}');
    },
    async ({ endpoint }) => {
      const headers = { 'transfer-encoding': 'chunked', trailer: 'x-sum' };
      const request = httpRequest(`${endpoint.baseUrl}/files`, { method: 'POST', headers, agent: false });
      request.write('content');
      request.addTrailers({ 'x-sum': '42' });
      request.end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      await text(response);
      assert.deepEqual({ ...trailers }, { 'x-sum': '42' });
    },
  );
});

test('pipelined requests on one connection get their responses in order and complete', async () => {
  await withMeteredAttempt(
    (response, seen) => {
      const { n } = JSON.parse(seen.body.toString()) as { n: number };
      response.setHeader('content-type', 'application/json');
      setImmediate(() => response.end(JSON.stringify({ choices: [], usage: { prompt_tokens: n, completion_tokens: 0 } })));
    },
    async ({ run, endpoint }) => {
      const { hostname, port, pathname } = new URL(`${endpoint.baseUrl}/chat/completions`);
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      const bodies = [1, 2, 3, 4].map((n) => JSON.stringify({ ...CHAT_REQUEST, n }));
      socket.write(
        bodies
          .map((body, at) => {
            const last = at === bodies.length - 1 ? 'connection: close\r\n' : '';
            return `POST ${pathname} HTTP/1.1\r\nhost: x\r\n${last}content-length: ${body.length}\r\n\r\n${body}`;
          })
          .join(''),
      );
      const answers = [...(await text(socket)).matchAll(/"prompt_tokens":(\d)/g)].map(([, n]) => Number(n));
      assert.deepEqual(answers, [1, 2, 3, 4]);
      await run.wait('llm_call', 4);
    },
  );
});

test('connections to the upstream are reused', async () => {
  const ports = new Set<number | undefined>();
  await withMeteredAttempt(
    (response, _seen, request) => {
      ports.add(request.socket.remotePort);
      sendCompletion(response);
    },
    async ({ endpoint }) => {
      for (let n = 0; n < 5; n += 1) await text(await ask(endpoint));
      assert.equal(ports.size, 1);
    },
  );
});

const ask = (endpoint: MeteredEndpoint): Promise<IncomingMessage> =>
  send(`${endpoint.baseUrl}/chat/completions`, { method: 'POST' }, JSON.stringify(CHAT_REQUEST));

test('when several events share a chunk, only the hidden one is removed', async () => {
  const { shown, usage, done } = streamEvents(true);
  await withMeteredAttempt(
    (response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.end([...shown, usage, done].join(''));
    },
    async ({ endpoint }) => {
      const response = await send(
        `${endpoint.baseUrl}/chat/completions`,
        { method: 'POST' },
        JSON.stringify(STREAMED_CHAT_REQUEST),
      );
      assert.equal(await text(response), streamEvents(false).shown.join('') + done);
    },
  );
});

test('a framework that bypasses the proxy is rejected by the provider, because it only has the dummy key', async () => {
  await using provider = await startUpstreamStub((response, seen) => {
    response.writeHead(seen.headers.authorization === `Bearer ${REAL_KEY}` ? 200 : 401).end('{}');
  });
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ endpoint }) => {
      const headers = { authorization: `Bearer ${endpoint.apiKey}` };
      const response = await fetch(`${provider.origin}/v1/chat/completions`, { method: 'POST', headers, body: '{}' });
      assert.equal(response.status, 401);
      assert.notEqual(endpoint.apiKey, REAL_KEY);
    },
  );
});
