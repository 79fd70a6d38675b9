import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { postChatCompletion, withMeteredAttempt, CHAT_REQUEST } from '../metered-attempt.ts';
import { sendCompletion } from '../upstream-stub.ts';

test('a WebSocket is refused with 426 and a helpful body, and is recorded', async () => {
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ run, upstream, endpoint }) => {
      const headers = {
        connection: 'Upgrade',
        upgrade: 'WebSocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      };
      const [answer] = (await once(
        httpRequest(`${endpoint.baseUrl}/responses`, { headers, agent: false }).end(),
        'response',
      )) as [IncomingMessage];
      assert.equal(answer.statusCode, 426);
      const { error } = JSON.parse(await text(answer));
      assert.equal(error.code, 'upgrade_refused');
      assert.match(error.message, /plain HTTP/);
      const [record] = await run.wait('upgrade_refused', 1);
      assert.deepEqual(record?.metadata, { path: '/v1/responses', protocol: 'websocket' });
      assert.equal(record?.level, 'warn');
      assert.equal(upstream.seen.length, 0);
      assert.equal((await postChatCompletion(endpoint, CHAT_REQUEST)).status, 200, 'plain HTTP still works');
    },
  );
});

test('the built-in WebSocket client gets an error and no connection', async () => {
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ run, endpoint }) => {
      const socket = new WebSocket(`${endpoint.baseUrl.replace('http:', 'ws:')}/responses`);
      await once(socket, 'error');
      await run.wait('upgrade_refused', 1);
    },
  );
});

test('an upgrade offer to HTTP/2 is ignored, and the request is answered', async () => {
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ run, upstream, endpoint }) => {
      const headers = {
        connection: 'Upgrade, HTTP2-Settings',
        upgrade: 'h2c',
        'http2-settings': 'AAMAAABkAAQAAP__',
        'content-type': 'application/json',
      };
      const request = httpRequest(`${endpoint.baseUrl}/chat/completions`, { method: 'POST', headers, agent: false });
      const [answer] = (await once(request.end(JSON.stringify(CHAT_REQUEST)), 'response')) as [IncomingMessage];
      assert.equal(answer.statusCode, 200);
      await text(answer);
      assert.equal(upstream.seen[0]?.headers['http2-settings'], undefined);
      assert.equal((await run.wait('llm_call', 1))[0]?.metadata.outcome, 'ok');
    },
  );
});
