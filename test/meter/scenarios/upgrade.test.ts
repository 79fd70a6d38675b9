import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { ask, metered, WHOLE } from '../metered-attempt.ts';
import { completion } from '../upstream-stub.ts';

test('a WebSocket is refused with 426 and a body that says what to do, and is recorded', async () => {
  await metered(
    (response) => completion(response),
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
      assert.equal((await ask(endpoint, WHOLE)).status, 200, 'plain HTTP still works');
    },
  );
});

test('a client of fetch that opens a WebSocket gets an error and no connection', async () => {
  await metered(
    (response) => completion(response),
    async ({ run, endpoint }) => {
      const socket = new WebSocket(`${endpoint.baseUrl.replace('http:', 'ws:')}/responses`);
      await once(socket, 'error');
      await run.wait('upgrade_refused', 1);
    },
  );
});

test('an offer to go on in HTTP/2 is not taken up, and the request is answered', async () => {
  await metered(
    (response) => completion(response),
    async ({ run, upstream, endpoint }) => {
      const headers = {
        connection: 'Upgrade, HTTP2-Settings',
        upgrade: 'h2c',
        'http2-settings': 'AAMAAABkAAQAAP__',
        'content-type': 'application/json',
      };
      const request = httpRequest(`${endpoint.baseUrl}/chat/completions`, { method: 'POST', headers, agent: false });
      const [answer] = (await once(request.end(JSON.stringify(WHOLE)), 'response')) as [IncomingMessage];
      assert.equal(answer.statusCode, 200);
      await text(answer);
      assert.equal(upstream.seen[0]?.headers['http2-settings'], undefined);
      assert.equal((await run.wait('llm_call', 1))[0]?.metadata.outcome, 'ok');
    },
  );
});
