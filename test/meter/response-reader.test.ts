/** Response fields that break the framework are taken out of answers on the client's side alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Exchange, ExchangeRecorder } from '../../src/meter/index.ts';
import { postChatCompletion, withMeteredAttempt, STREAMED_CHAT_REQUEST, CHAT_REQUEST } from './metered-attempt.ts';
import { sendCompletion, USAGE } from './upstream-stub.ts';

const omitFromMessages = ['refusal', 'annotations'];
const HEAD = '{"id":"c1","model":"gpt-test-2026","choices":[{"index":0,"message":{"role":"assistant",';
const TAIL = `"content":"Grüße 🎓"},"finish_reason":"stop"}],"usage":${JSON.stringify(USAGE)}}`;
const FULL = `${HEAD}"refusal":null,"annotations":[],${TAIL}`;
const LEFT = HEAD + TAIL;

function chunk(delta: string, finish: string | null, more = ''): string {
  return `data: {"model":"gpt-test-2026","choices":[{"index":0,"delta":${delta},"finish_reason":${JSON.stringify(finish)}}]${more}}\n\n`;
}
const USAGE_EVENT = `data: {"model":"gpt-test-2026","choices":[],"usage":${JSON.stringify(USAGE)}}\n\n`;
const events = (nullUsage: string, refusal: string): string =>
  [
    ': keep-alive\n\n',
    chunk(`{"role":"assistant","content":""${refusal}}`, null, nullUsage),
    chunk('{"content":"\\"refusal\\": 🎓"}', null, nullUsage),
    chunk(refusal === '' ? '{}' : `{${refusal.slice(1)}}`, 'stop', nullUsage),
  ].join('');
const SENT_EVENTS = `${events(',"usage":null', ',"refusal":null')}${USAGE_EVENT}data: [DONE]\n\n`;
const LEFT_EVENTS = `${events('', '')}data: [DONE]\n\n`;

test('fields are removed from a complete response, while ledger and recorder get what the upstream sent', async () => {
  const taken: Exchange[] = [];
  const recorder: ExchangeRecorder = { maxBytes: 1024 * 1024, record: (exchange) => void taken.push(exchange) };
  await withMeteredAttempt(
    (response) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(FULL),
        'x-request-id': 'r',
      });
      for (const byte of Buffer.from(FULL)) response.write(Buffer.from([byte]));
      response.end();
    },
    async ({ run, endpoint }) => {
      for (let call = 0; call < 2; call += 1) {
        const response = await postChatCompletion(endpoint, CHAT_REQUEST);
        assert.equal(await response.text(), LEFT);
        assert.equal(response.headers.get('content-length'), String(Buffer.byteLength(LEFT)));
        assert.equal(response.headers.get('x-request-id'), 'r');
      }
      const [{ metadata }] = (await run.wait('llm_call', 2)) as [Awaited<ReturnType<typeof run.wait<'llm_call'>>>[number]];
      assert.deepEqual([metadata.outcome, metadata.response_bytes], ['ok', Buffer.byteLength(FULL)]);
      assert.deepEqual(metadata.usage_raw, USAGE);
      assert.deepEqual(
        taken.map(({ body }) => String(body)),
        [FULL, FULL],
      );
      const told = run.lines('answers_changed', 0);
      assert.deepEqual(
        told.map(({ step, metadata: { omitted } }) => [step, omitted]),
        [[null, omitFromMessages]],
      );
      assert.equal(run.lines('answers_changed', 1).length, 0);
    },
    { omitFromMessages, recorder },
  );
});

for (const [name, pieces] of [
  ['every byte', 1],
  ['every 7 bytes', 7],
  ['none', 1_000_000],
] as const) {
  test(`fields and unrequested usage are removed from a stream, chunk boundaries at ${name}`, async () => {
    const taken: Exchange[] = [];
    const recorder: ExchangeRecorder = { maxBytes: 1024 * 1024, record: (exchange) => void taken.push(exchange) };
    await withMeteredAttempt(
      (response) => {
        response.setHeader('content-type', 'text/event-stream');
        const bytes = Buffer.from(SENT_EVENTS);
        for (let at = 0; at < bytes.length; at += pieces) response.write(bytes.subarray(at, at + pieces));
        response.end();
      },
      async ({ run, endpoint }) => {
        assert.equal(await (await postChatCompletion(endpoint, STREAMED_CHAT_REQUEST)).text(), LEFT_EVENTS);
        const asked = { ...STREAMED_CHAT_REQUEST, stream_options: { include_usage: true } };
        const left = `${events(',"usage":null', '')}${USAGE_EVENT}data: [DONE]\n\n`;
        assert.equal(await (await postChatCompletion(endpoint, asked)).text(), left);
        const calls = await run.wait('llm_call', 2);
        for (const { metadata } of calls) assert.deepEqual([metadata.outcome, metadata.usage_raw], ['ok', USAGE]);
        assert.deepEqual(
          taken.map(({ body }) => String(body)),
          [SENT_EVENTS, SENT_EVENTS],
        );
        assert.equal(run.lines('answers_changed', 0).length, 1);
      },
      { omitFromMessages, recorder },
    );
  });
}

for (const [encoding, compress] of [
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
] as const) {
  test(`an unrequested compression (${encoding}) is undone, and the fields are removed`, async () => {
    await withMeteredAttempt(
      (response, seen) => {
        const streamed = JSON.parse(seen.body.toString()).stream === true;
        response.setHeader('content-type', streamed ? 'text/event-stream' : 'application/json');
        response.setHeader('content-encoding', encoding);
        response.end(compress(streamed ? SENT_EVENTS : FULL));
      },
      async ({ run, endpoint }) => {
        const whole = await postChatCompletion(endpoint, CHAT_REQUEST);
        assert.equal(await whole.text(), LEFT);
        assert.deepEqual(
          [whole.headers.get('content-encoding'), whole.headers.get('content-length')],
          [null, String(Buffer.byteLength(LEFT))],
        );
        assert.equal(await (await postChatCompletion(endpoint, STREAMED_CHAT_REQUEST)).text(), LEFT_EVENTS);
        for (const { metadata } of await run.wait('llm_call', 2)) assert.deepEqual(metadata.usage_raw, USAGE);
      },
      { omitFromMessages },
    );
  });
}

test('responses without such fields, errors, non-JSON, unknown encodings and other paths stay unchanged', async () => {
  const plain = `${HEAD}${TAIL}`;
  const cases: [status: number, body: string, headers?: Record<string, string>][] = [
    [200, plain],
    [400, FULL],
    [500, '{"error":{"message":"refusal"},"choices":[{"message":{"refusal":1}}]}'],
    [200, FULL.slice(0, -1)],
    [200, `${FULL} and more`],
    [200, FULL, { 'content-encoding': 'x-own' }],
    [200, SENT_EVENTS, { 'content-encoding': 'x-own', 'content-type': 'text/event-stream' }],
    [200, ''],
    [204, ''],
  ];
  let at = 0;
  await withMeteredAttempt(
    (response) => {
      const [status, body, headers = {}] = cases[at]!;
      const length = status === 204 ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      response.writeHead(status, { 'content-type': 'application/json', ...length, ...headers }).end(body);
    },
    async ({ run, endpoint }) => {
      for (const [status, body, headers = {}] of cases) {
        const asked =
          headers['content-type'] === undefined
            ? CHAT_REQUEST
            : { ...STREAMED_CHAT_REQUEST, stream_options: { include_usage: true } };
        const response = await postChatCompletion(endpoint, asked);
        const encoding = headers['content-encoding'] ?? null;
        const length = status === 204 ? null : String(Buffer.byteLength(body));
        assert.deepEqual([response.status, await response.text()], [status, body]);
        assert.deepEqual(
          [response.headers.get('content-encoding'), response.headers.get('content-length')],
          [encoding, length],
          body,
        );
        at += 1;
      }
      at = 1;
      cases[1] = [200, FULL];
      const response = await fetch(`${endpoint.baseUrl}/files`, { method: 'POST', body: 'x' });
      assert.equal(await response.text(), FULL);
      await run.wait('llm_call', cases.length);
      assert.equal(run.lines('answers_changed', 0).length, 0);
    },
    { omitFromMessages },
  );
});

test('a response too large to buffer is forwarded unfiltered as it arrives, and its usage is estimated', async () => {
  const body = Buffer.from(`${HEAD}"refusal":null,"content":"${'x'.repeat(33 * 1024 * 1024)}"},"finish_reason":"stop"}]}`);
  const begun = Promise.withResolvers<void>();
  await withMeteredAttempt(
    async (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
      response.write(body.subarray(0, -1));
      await begun.promise;
      response.end(body.subarray(-1));
    },
    async ({ run, endpoint }) => {
      const response = await postChatCompletion(endpoint, CHAT_REQUEST);
      begun.resolve();
      assert.equal(response.headers.get('content-length'), String(body.length));
      assert.ok(Buffer.from(await response.arrayBuffer()).equals(body));
      const [call] = await run.wait('llm_call', 1);
      assert.deepEqual([call?.metadata.outcome, call?.metadata.usage_source], ['ok', 'estimate']);
    },
    { omitFromMessages },
  );
});

test('the client of a truncated response gets what arrived and sees that it is truncated', async () => {
  await withMeteredAttempt(
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(FULL) });
      response.write(FULL.slice(0, 149), () => response.socket?.destroySoon());
    },
    async ({ run, endpoint }) => {
      const response = await postChatCompletion(endpoint, CHAT_REQUEST);
      let came = '';
      await assert.rejects(async () => {
        for await (const piece of response.body ?? assert.fail()) came += Buffer.from(piece).toString();
      });
      assert.equal(came, FULL.slice(0, 149));
      const [call] = await run.wait('llm_call', 1);
      assert.equal(call?.metadata.outcome, 'truncated');
    },
    { omitFromMessages },
  );
});

test('a client that disconnects while its response is buffered ends its call, and the next one is answered', async () => {
  const leave = new AbortController();
  let first = true;
  await withMeteredAttempt(
    (response) => {
      if (!first) {
        sendCompletion(response);
        return;
      }
      first = false;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(FULL.slice(0, 149), () => leave.abort());
    },
    async ({ run, endpoint }) => {
      await assert.rejects(postChatCompletion(endpoint, CHAT_REQUEST, { signal: leave.signal }));
      const [call] = await run.wait('llm_call', 1);
      assert.deepEqual([call?.metadata.outcome, call?.metadata.status], ['client_aborted', 200]);
      assert.equal((await postChatCompletion(endpoint, CHAT_REQUEST)).status, 200);
    },
    { omitFromMessages },
  );
});
