import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, at, between } from './recording-client.ts';

const anthropic = { provider: 'anthropic' } as const;
const call = {
  model: 'claude-sonnet-5',
  apiKeyId: 'apikey_run',
  workspaceId: 'wrkspc_run',
  input: 100,
  cached: 40,
  cacheWrite: 25,
  output: 7,
};

test('input tokens include cache reads, cache writes and uncached input', async (t) => {
  const { server, api } = await createClient(t, anthropic);
  server.record({ ...call, at: at('10:01:30') });
  const answer = await api.fetchUsage(between('10:01', '10:03'));
  assert.deepEqual(answer, {
    status: 'ok',
    fetchedAt: '2026-03-02T12:00:00.000Z',
    pages: 1,
    buckets: [
      {
        start: '2026-03-02T10:01:00.000Z',
        end: '2026-03-02T10:02:00.000Z',
        rows: [
          {
            model: 'claude-sonnet-5',
            api_key_id: 'apikey_run',
            report: 'messages',
            input_tokens: 100,
            output_tokens: 7,
            cached_tokens: 40,
            api_calls: null,
          },
        ],
      },
      { start: '2026-03-02T10:02:00.000Z', end: '2026-03-02T10:03:00.000Z', rows: [] },
    ],
  });
});

test('parameters, key and version are sent as the API requires', async (t) => {
  const { server, api } = await createClient(t, anthropic);
  await api.fetchUsage(between('10:00', '10:03', { api_key_id: 'apikey_run', workspace_id: 'wrkspc_run' }));
  const [request] = server.requests;
  assert.equal(request?.path, '/v1/organizations/usage_report/messages');
  assert.deepEqual(request?.parameters, {
    starting_at: ['2026-03-02T10:00:00Z'],
    ending_at: ['2026-03-02T10:03:00Z'],
    bucket_width: ['1m'],
    'api_key_ids[]': ['apikey_run'],
    'workspace_ids[]': ['wrkspc_run'],
    'group_by[]': ['model', 'api_key_id', 'workspace_id'],
    limit: ['60'],
  });
  assert.equal(request?.headers['x-api-key'], server.adminKey);
  assert.equal(request?.headers['anthropic-version'], '2023-06-01');
  assert.equal(request?.headers.authorization, undefined);
});

test('other keys and workspaces are not counted', async (t) => {
  const { server, api } = await createClient(t, anthropic);
  server.record({ ...call, at: at('10:00:10') });
  server.record({ ...call, at: at('10:00:20'), apiKeyId: 'apikey_other' });
  server.record({ ...call, at: at('10:00:30'), workspaceId: 'wrkspc_other' });
  server.record({ ...call, at: at('10:00:40'), apiKeyId: 'apikey_other', workspaceId: null });
  for (const ignoreFilters of [false, true]) {
    server.setShape({ ignoreFilters });
    const input = async (filter: Record<string, string>) => {
      const answer = await api.fetchUsage(between('10:00', '10:01', filter));
      if (answer.status === 'failed') return answer;
      return answer.buckets[0]?.rows.reduce((sum, row) => sum + (row.input_tokens ?? 0), 0);
    };
    assert.equal(await input({}), 400);
    assert.equal(await input({ api_key_id: 'apikey_run' }), 200);
    assert.equal(await input({ workspace_id: 'wrkspc_run' }), 200);
    assert.equal(await input({ api_key_id: 'apikey_run', workspace_id: 'wrkspc_run' }), 100);
  }
});

test('one unknown part of the input makes the input unknown', async (t) => {
  const { server, api } = await createClient(t, anthropic);
  server.record({ ...call, at: at('10:00:10') });
  const without =
    (name: string) =>
    ({ [name]: _left, ...row }: Record<string, unknown>) =>
      row;
  for (const [row, input, cached] of [
    [without('uncached_input_tokens'), null, 40],
    [without('cache_creation'), null, 40],
    [without('cache_read_input_tokens'), null, null],
    [(row: Record<string, unknown>) => ({ ...row, cache_creation: { ephemeral_5m_input_tokens: null } }), null, 40],
    [
      (row: Record<string, unknown>) => ({
        ...row,
        cache_creation: { ephemeral_5m_input_tokens: 1, ephemeral_24h_input_tokens: 2 },
      }),
      78,
      40,
    ],
  ] as const) {
    server.setShape({ row });
    const answer = await api.fetchUsage(between('10:00', '10:01'));
    assert.equal(answer.status, 'ok');
    const found = answer.buckets[0]?.rows[0];
    assert.deepEqual([found?.input_tokens, found?.cached_tokens, found?.output_tokens], [input, cached, 7]);
  }
});

test('costs are decimal cents, filtered by workspace but never by key', async (t) => {
  const { server, api } = await createClient(t, anthropic, { now: () => new Date('2026-03-03T00:00:00Z') });
  server.setNow(new Date('2026-03-03T00:00:00Z'));
  server.record({ ...call, at: at('10:00:10'), usd: '1.2345' });
  server.record({ ...call, at: at('11:00:10'), usd: '0.0005', apiKeyId: 'apikey_other' });
  server.record({ ...call, at: at('11:00:10'), usd: '8', workspaceId: 'wrkspc_other' });
  server.record({ ...call, at: at('11:00:10'), usd: '16', workspaceId: null });
  const usd = async (filter: Record<string, string>) => {
    const answer = await api.fetchCosts(between('10:00', '10:01', filter));
    return answer.status === 'ok' ? answer.usd : answer;
  };
  assert.equal(await usd({}), 25.235);
  assert.equal(await usd({ workspace_id: 'wrkspc_other' }), 8);
  assert.equal(await usd({ workspace_id: 'wrkspc_run', api_key_id: 'apikey_run' }), 1.235);
  assert.equal(await usd({ api_key_id: 'apikey_run' }), 25.235);
});

test('the cost of a day that is not over is a retryable failure', async (t) => {
  const { server, api } = await createClient(t, anthropic);
  server.record({ ...call, at: at('10:00:10'), usd: '1' });
  const today = await api.fetchCosts(between('10:00', '10:01'));
  assert.equal(today.status, 'failed');
  assert.match(today.reason, /HTTP 400 .*ending date must be after starting date/);
  assert.match(today.fix, /after the day \(UTC\) is over/);
  assert.equal(today.retryable, true);
  // Of two days only the first is over: that is no bound of both.
  const both = await api.fetchCosts({ ...between('10:00', '10:01'), start: new Date('2026-03-01T23:59:00Z') });
  assert.deepEqual(both, { status: 'ok', usd: null, start: '2026-03-01T00:00:00.000Z', end: '2026-03-03T00:00:00.000Z' });
});

test('a filter of another provider is rejected with a message and without a request', async (t) => {
  const { server, api, pages } = await createClient(t, anthropic);
  const answer = await api.fetchUsage(between('10:00', '10:01', { project_id: 'proj_x' }));
  assert.equal(answer.status, 'failed');
  assert.match(answer.reason, /Anthropic does not support project_id \("proj_x"\)/);
  assert.match(answer.fix, /workspace_id/);
  assert.equal(answer.retryable, false);
  assert.deepEqual([server.requests.length, pages.length], [0, 0]);
});
