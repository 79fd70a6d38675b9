/** Misbehaving upstreams: the client still gets a response, the ledger a record, and the process survives. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { createBudget } from '../../../src/meter/index.ts';
import { postChatCompletion, withMeteredAttempt, CHAT_REQUEST } from '../metered-attempt.ts';
import { sendCompletion } from '../upstream-stub.ts';

/** A server that writes these bytes to every request. */
async function answering(bytes: string): Promise<AsyncDisposable & { baseUrl: string }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('data', () => socket.write(bytes, 'latin1'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const BODY = '{"model":"gpt-test-2026","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}';
const FRAME = `content-type: application/json\r\ncontent-length: ${BODY.length}\r\n`;

for (const [name, bytes, reason] of [
  ['a status below 100', `HTTP/1.1 099 Odd\r\n${FRAME}\r\n${BODY}`, /status code: 99/],
  [
    'a protocol that was not requested',
    'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    /without a response/,
  ],
  ['no HTTP', 'SSH-2.0-server\r\n', /Parse Error/],
] as const) {
  test(`an upstream that responds with ${name} yields a 502 and a record`, async () => {
    await using odd = await answering(bytes);
    await withMeteredAttempt(
      sendCompletion,
      async ({ run, endpoint }) => {
        const response = await postChatCompletion(endpoint, CHAT_REQUEST);
        assert.equal(response.status, 502);
        assert.match(await response.text(), /upstream_unreachable/);
        const [call] = await run.wait('llm_call', 1);
        assert.deepEqual([call?.metadata.outcome, call?.metadata.status], ['upstream_error', null]);
        assert.match(call?.error?.message ?? '', reason);
      },
      { baseUrl: odd.baseUrl },
    );
  });
}

test('interim responses (1xx) are not taken for the response', async () => {
  const interim = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n';
  await using odd = await answering(`${interim}HTTP/1.1 200 OK\r\n${FRAME}\r\n${BODY}`);
  await withMeteredAttempt(
    sendCompletion,
    async ({ run, endpoint }) => {
      assert.equal(await (await postChatCompletion(endpoint, CHAT_REQUEST)).text(), BODY);
      const [call] = await run.wait('llm_call', 1);
      assert.deepEqual([call?.metadata.status, call?.metadata['gen_ai.usage.input_tokens']], [200, 5]);
    },
    { baseUrl: odd.baseUrl },
  );
});

test('a response without a body that names a content encoding is complete', async () => {
  await using odd = await answering('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n');
  await withMeteredAttempt(
    sendCompletion,
    async ({ run, endpoint }) => {
      const response = await postChatCompletion(endpoint, CHAT_REQUEST);
      assert.deepEqual([response.status, await response.text()], [200, '']);
      const [call] = await run.wait('llm_call', 1);
      assert.deepEqual([call?.metadata.outcome, call?.metadata.response_bytes], ['ok', 0]);
    },
    { baseUrl: odd.baseUrl },
  );
});

test('headers of requests and responses may exceed Node’s 16 KB', async () => {
  const long = 'x'.repeat(50_000);
  await using odd = await answering(`HTTP/1.1 200 OK\r\nx-long: ${long}\r\n${FRAME}\r\n${BODY}`);
  await withMeteredAttempt(
    sendCompletion,
    async ({ run, endpoint }) => {
      const request = httpRequest(`${endpoint.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { 'x-long': long },
        maxHeaderSize: 100_000,
        agent: false,
      });
      request.end(JSON.stringify(CHAT_REQUEST));
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      assert.deepEqual([response.statusCode, response.headers['x-long']], [200, long]);
      assert.equal(await text(response), BODY);
      await run.wait('llm_call', 1);
    },
    { baseUrl: odd.baseUrl },
  );
});

const MEGABYTE = Buffer.alloc(1024 * 1024, ' ');

test('for a request above 32 MB without a content-length, the received bytes are counted', async () => {
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ run, endpoint }) => {
      const request = httpRequest(`${endpoint.baseUrl}/chat/completions`, { method: 'POST', agent: false });
      for (let sent = 0; sent < 40; sent += 1) if (!request.write(MEGABYTE)) await once(request, 'drain');
      request.end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      await text(response);
      const [call] = await run.wait('llm_call', 1);
      assert.deepEqual([call?.metadata.outcome, call?.metadata.request_bytes], ['ok', 40 * MEGABYTE.length]);
    },
  );
});

test('a client that disconnects before its large request is complete is not charged to the budget', async (t) => {
  const provider = createHttpServer((request, response) => {
    request.on('error', () => undefined).on('end', () => sendCompletion(response));
    request.resume();
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  t.after(() => {
    provider.closeAllConnections();
    provider.close();
  });
  const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  const budget = createBudget({ scope: 'run', limits: { max_tokens: 1000 } });
  await withMeteredAttempt(
    sendCompletion,
    async ({ run, endpoint }) => {
      const headers = { 'content-length': 50 * MEGABYTE.length };
      const request = httpRequest(`${endpoint.baseUrl}/chat/completions`, { method: 'POST', headers, agent: false });
      request.on('error', () => undefined);
      for (let sent = 0; sent < 40; sent += 1) if (!request.write(MEGABYTE)) await once(request, 'drain');
      await run.wait('llm_call_start', 1);
      request.destroy();
      const [call] = await run.wait('llm_call', 1);
      assert.deepEqual([call?.metadata.outcome, call?.metadata.status], ['client_aborted', null]);
      assert.equal(budget.refusal(), null);
      assert.equal((await postChatCompletion(endpoint, CHAT_REQUEST)).status, 200);
    },
    { baseUrl, budgets: [budget] },
  );
});
