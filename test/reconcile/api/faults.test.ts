import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createClient, at, between } from './recording-client.ts';

const openai = { provider: 'openai' } as const;
const call = { model: 'gpt-4o-mini', apiKeyId: 'key_run', input: 100, output: 7 };
const hour = between('10:00', '11:00');

for (const status of [408, 429, 500, 502, 503, 529]) {
  test(`HTTP ${status} is retried with growing pauses`, async (t) => {
    const { server, api, pages, pauses } = await createClient(t, openai);
    server.record({ ...call, at: at('10:00:00') });
    server.addFault({ kind: 'status', status, times: 3 });
    const answer = await api.fetchUsage(hour);
    assert.equal(answer.status, 'ok');
    assert.equal(answer.buckets[0]?.rows.length, 1);
    assert.deepEqual(pauses, [750, 1500, 3000]);
    assert.deepEqual(
      pages.map(({ report, tries, status }) => [report, tries, status]),
      [
        ['completions', 1, status],
        ['completions', 2, status],
        ['completions', 3, status],
        ['completions', 4, 200],
        ['embeddings', 1, 200],
      ],
    );
  });

  test(`a persistent HTTP ${status} is a retryable failure`, async (t) => {
    const { server, api, pages } = await createClient(t, openai);
    server.addFault({ kind: 'status', status, message: 'Too busy.', times: Infinity });
    const answer = await api.fetchUsage(hour);
    assert.deepEqual(answer, {
      status: 'failed',
      reason: `OpenAI's usage API answered HTTP ${status} to /v1/organization/usage/completions, 5 times in a row: Too busy.`,
      fix: 'Try again later; this answer was ignored.',
      retryable: true,
    });
    assert.equal(pages.length, 5);
  });
}

test('retry-after is respected, in seconds or as a date, and a long one ends the attempt', async (t) => {
  const { server, api, pauses } = await createClient(t, openai);
  server.addFault({ kind: 'status', status: 429, headers: { 'retry-after': '17' } });
  server.addFault({ kind: 'status', status: 503, headers: { 'retry-after': 'Mon, 02 Mar 2026 12:01:00 GMT' } });
  assert.equal((await api.fetchUsage(hour)).status, 'ok');
  assert.deepEqual(pauses, [17_500, 60_500]);

  server.addFault({ kind: 'status', status: 429, headers: { 'retry-after': '3600' } });
  const answer = await api.fetchUsage(hour);
  assert.equal(answer.status, 'failed');
  assert.match(answer.reason, /HTTP 429 .* asks to wait 3600 s\.$/);
  assert.equal(answer.retryable, true);
  assert.equal(pauses.length, 2);
});

test('a failed later page fails the whole query, so minutes are never partial', async (t) => {
  const { server, api } = await createClient(t, openai);
  const seen = server.requests.length;
  server.addFault({ kind: 'status', status: 500, report: 'embeddings', times: Infinity });
  const answer = await api.fetchUsage(hour);
  assert.equal(answer.status, 'failed');
  assert.match(answer.reason, /usage\/embeddings/);
  assert.equal(server.requests.length - seen, 1 + 5);
});

test('connections that break before or during the response are retried, and their pages are kept', async (t) => {
  const { server, api, pages } = await createClient(t, openai);
  server.record({ ...call, at: at('10:00:00') });
  server.addFault({ kind: 'reset' });
  server.addFault({ kind: 'cut' });
  const answer = await api.fetchUsage(hour);
  assert.equal(answer.status, 'ok');
  assert.equal(answer.buckets[0]?.rows.length, 1);
  const [reset, cut] = pages;
  assert.equal(reset?.status, null);
  assert.equal(reset?.body, '');
  assert.ok(reset?.error instanceof Error);
  assert.equal(cut?.status, 200);
  assert.match(cut?.body ?? '', /^\{"object":"page","data":\[/);
  assert.match(cut?.error?.message ?? '', /^response incomplete: /);
});

test('a request without a response ends at its timeout', async (t) => {
  const { server, api, pages } = await createClient(t, openai, { timeoutMs: 30 });
  server.addFault({ kind: 'silence', times: Infinity });
  const answer = await api.fetchUsage(hour);
  assert.equal(answer.status, 'failed');
  assert.match(answer.reason, /did not answer .* 5 times in a row: no response within 0\.03 s\.$/);
  assert.equal(answer.retryable, true);
  assert.equal(pages[0]?.error?.message, 'no response within 0.03 s');
});

test('a refused connection is reported as unreachable', async (t) => {
  const { server, api, pages } = await createClient(t, openai);
  await server.close();
  const answer = await api.fetchUsage(hour);
  assert.equal(answer.status, 'failed');
  assert.match(answer.reason, /127\.0\.0\.1:\d+ did not answer .*ECONNREFUSED/);
  assert.equal(answer.retryable, true);
  assert.equal(pages.length, 5);
});

test('an abort ends the query at once, with its reason', async (t) => {
  const { server, api, pages } = await createClient(t, openai);
  const reason = new Error('enough');
  const stop = new AbortController();
  server.addFault({ kind: 'silence', times: Infinity });
  const answer = api.fetchUsage({ ...hour, signal: stop.signal });
  const refused = assert.rejects(answer, reason);
  while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
  stop.abort(reason);
  await refused;
  assert.equal(pages.length, 1, 'what was asked is kept');
  await assert.rejects(api.fetchCosts({ ...hour, signal: stop.signal }), reason);
  assert.equal(pages.length, 1, 'nothing more is asked');
});

test('an abort ends a pause too', async (t) => {
  const stop = new AbortController();
  const { server, api } = await createClient(t, openai, {
    wait: (_ms, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('the pause was aborted')));
        stop.abort(new Error('enough'));
      }),
  });
  server.addFault({ kind: 'status', status: 500 });
  await assert.rejects(api.fetchUsage({ ...hour, signal: stop.signal }), /^Error: enough$/);
});

const bodies: [what: string, body: string, reason: RegExp, retryable: boolean][] = [
  ['a web page', '<!doctype html><html><title>Sign in</title></html>', /with a web page \("Sign in"\) instead of JSON\.$/, false],
  ['text', 'upstream connect error', /with text that begins "upstream connect error" instead of JSON\.$/, true],
  ['nothing', '', /with an empty body instead of JSON\.$/, true],
  ['half of a JSON', '{"object":"page","data":[', /with text that begins .* instead of JSON\.$/, true],
  ['another JSON', '{"ok":true}', /in an unexpected shape: data: /, false],
  ['null', 'null', /in an unexpected shape: the answer: /, false],
  ['a figure with a fraction', page({ input_tokens: 1.5 }), /in an unexpected shape: data\.0\.results\.0\.input_tokens: /, false],
  ['a negative figure', page({ input_tokens: -1 }), /in an unexpected shape: data\.0\.results\.0\.input_tokens: /, false],
  ['hours for minutes', page({}, 3600), /a bucket from .*10:00:00.000Z to .*11:00:00.000Z, but minutes were requested/, true],
  [
    'more pages without a name',
    page({}, 60, { has_more: true }),
    /next_page: has_more is true, but no next page is named/,
    false,
  ],
];
for (const [what, body, reason, retryable] of bodies) {
  test(`HTTP 200 with ${what} is a failure`, async (t) => {
    const { server, api, pages } = await createClient(t, openai);
    server.addFault({ kind: 'body', body });
    const answer = await api.fetchUsage(hour);
    assert.equal(answer.status, 'failed');
    assert.match(answer.reason, reason);
    assert.equal(answer.retryable, retryable);
    assert.equal(pages[0]?.body, body, 'it is kept before it is read');
    assert.equal(pages.length, 1);
  });
}

test('the same minute on two pages is a failure', async (t) => {
  const { server, api } = await createClient(t, openai);
  server.addFault({ kind: 'body', body: page({}, 60, { has_more: true, next_page: 'two' }) });
  server.addFault({ kind: 'body', body: page({}) });
  const answer = await api.fetchUsage(hour);
  assert.equal(answer.status, 'failed');
  assert.match(answer.reason, /the bucket of 2026-03-02T10:00:00.000Z twice/);
});

test('pages whose cursors form a cycle are a failure, even if each page has new data', async (t) => {
  const { server, api } = await createClient(t, openai);
  const bringing = (minute: number, next: string) =>
    page({}, 60, { has_more: true, next_page: next }).replaceAll(/\d{10}/g, (time) => String(Number(time) + minute * 60));
  server.addFault({ kind: 'body', body: bringing(0, 'two') });
  server.addFault({ kind: 'body', body: bringing(1, 'one') });
  server.addFault({ kind: 'body', body: bringing(2, 'two') });
  const answer = await api.fetchUsage(hour);
  assert.equal(answer.status, 'failed');
  assert.match(answer.reason, /a page 3 that leads back to an earlier one/);
});

test('minutes outside the window are not counted', async (t) => {
  const { server, api } = await createClient(t, openai);
  server.addFault({ kind: 'body', body: page({ input_tokens: 5 }) });
  const answer = await api.fetchUsage(between('10:01', '10:02'));
  assert.equal(answer.status, 'ok');
  assert.deepEqual(answer.buckets, [{ start: '2026-03-02T10:01:00.000Z', end: '2026-03-02T10:02:00.000Z', rows: [] }]);
});

test('days outside the requested range add no cost', async (t) => {
  const { server, api } = await createClient(t, openai, { now: () => new Date('2026-03-03T00:00:00Z') });
  const day = (start: string, value: number) => ({
    start_time: Date.parse(start) / 1000,
    end_time: Date.parse(start) / 1000 + 86_400,
    results: [{ amount: { value, currency: 'usd' } }],
  });
  const data = [day('2026-03-01T00:00:00Z', 1), day('2026-03-02T00:00:00Z', 2), day('2026-03-03T00:00:00Z', 4)];
  server.addFault({ kind: 'body', body: JSON.stringify({ data }) });
  const answer = await api.fetchCosts(hour);
  assert.equal(answer.status === 'ok' && answer.usd, 2);
});

test('paging ends at the page with has_more false, even if it has a cursor', async (t) => {
  const { server, api } = await createClient(t, openai);
  server.addFault({ kind: 'body', body: page({}, 60, { has_more: false, next_page: 'two' }) });
  server.addFault({ kind: 'body', body: page({}, 60, {}) });
  const answer = await api.fetchUsage(hour);
  assert.equal(answer.status === 'ok' && answer.pages, 2);
});

function page(
  row: Record<string, unknown>,
  seconds = 60,
  more: Record<string, unknown> = { has_more: false, next_page: null },
): string {
  const start = at('10:00:00').getTime() / 1000;
  return JSON.stringify({ data: [{ start_time: start, end_time: start + seconds, results: [row] }], ...more });
}

test('the API’s message about an invalid query is passed on', async (t) => {
  const { server, api } = await createClient(t, openai);
  server.addFault({ kind: 'status', status: 400, message: "Invalid 'project_ids': no project proj_x." });
  const answer = await api.fetchUsage(hour);
  assert.equal(answer.status, 'failed');
  assert.match(answer.reason, /HTTP 400 to \/v1\/organization\/usage\/completions: Invalid 'project_ids': no project proj_x\.$/);
  assert.match(answer.fix, /api_key_id, project_id and workspace_id/);
  assert.equal(answer.retryable, false);
});

test('a 404 response points to the base URL', async (t) => {
  const { server, api } = await createClient(t, openai, {});
  const wrong = await createClient(t, openai, { baseUrl: server.baseUrl.replace('/v1', '/v2'), adminKey: server.adminKey });
  const answer = await wrong.api.fetchUsage(hour);
  assert.equal(answer.status, 'failed');
  assert.match(answer.reason, /HTTP 404 to \/v2\/organization\/usage\/completions/);
  assert.match(answer.fix, /usage_api\.base_url/);
  assert.equal((await api.fetchUsage(hour)).status, 'ok');
});

test('a trailing slash in the base URL is ignored', async (t) => {
  const { server } = await createClient(t, openai);
  const { api } = await createClient(t, openai, { baseUrl: `${server.baseUrl}/` });
  assert.equal((await api.fetchUsage(hour)).status, 'ok');
});

for (const baseUrl of [
  'api.openai.com/v1',
  'ftp://api.openai.com/v1',
  'https://user:secret-word@api.openai.com/v1',
  'https://x/?q=1',
]) {
  test(`the base URL ${baseUrl.replace(/:\/\/.*@/, '://…@')} is rejected with a message`, async (t) => {
    const { api, pages } = await createClient(t, openai, { baseUrl });
    const answer = await api.fetchUsage(hour);
    assert.equal(answer.status, 'failed');
    assert.match(answer.reason, /base_url .* is invalid/);
    assert.doesNotMatch(JSON.stringify(answer), /secret-word/);
    assert.equal(pages.length, 0);
  });
}

for (const provider of ['openai', 'anthropic'] as const) {
  test(`${provider}: the admin key is not sent to a redirect target`, async (t) => {
    const elsewhere: unknown[] = [];
    const other = createServer((request, response) => {
      elsewhere.push(request.headers);
      response.end('{}');
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    t.after(() => other.close());
    const { server, api } = await createClient(t, { provider });
    const to = `http://localhost:${(other.address() as AddressInfo).port}`;
    server.addFault({ kind: 'redirect', to: `${to}/v1` });
    const answer = await api.fetchUsage(hour);
    assert.equal(answer.status, 'failed');
    assert.ok(answer.reason.includes(`points to ${to}; the admin key was not sent there.`), answer.reason);
    assert.deepEqual(elsewhere, []);
  });
}
