import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, at, between } from './recording-client.ts';

const openai = { provider: 'openai' } as const;
const call = { model: 'gpt-4o-mini', apiKeyId: 'key_run', projectId: 'proj_run', input: 100, cached: 40, output: 7 };

test('every minute of the window is a bucket, with the rows of completions and embeddings', async (t) => {
  const { server, api } = await createClient(t, openai);
  server.record({ ...call, at: at('10:01:59.999') });
  server.record({ ...call, at: at('10:01:00') });
  server.record({ ...call, model: 'text-embedding-3-small', report: 'embeddings', input: 9, output: 0, at: at('10:02:00') });

  const answer = await api.fetchUsage(between('10:00', '10:03'));
  assert.equal(answer.status, 'ok');
  assert.deepEqual(answer, {
    status: 'ok',
    fetchedAt: '2026-03-02T12:00:00.000Z',
    pages: 2,
    buckets: [
      { start: '2026-03-02T10:00:00.000Z', end: '2026-03-02T10:01:00.000Z', rows: [] },
      {
        start: '2026-03-02T10:01:00.000Z',
        end: '2026-03-02T10:02:00.000Z',
        rows: [
          {
            model: 'gpt-4o-mini',
            api_key_id: 'key_run',
            report: 'completions',
            input_tokens: 200,
            output_tokens: 14,
            cached_tokens: 80,
            api_calls: 2,
          },
        ],
      },
      {
        start: '2026-03-02T10:02:00.000Z',
        end: '2026-03-02T10:03:00.000Z',
        rows: [
          {
            model: 'text-embedding-3-small',
            api_key_id: 'key_run',
            report: 'embeddings',
            input_tokens: 9,
            output_tokens: 0,
            cached_tokens: 0,
            api_calls: 1,
          },
        ],
      },
    ],
  });
});

test('the last minute is in the window and the end is not', async (t) => {
  const { server, api } = await createClient(t, openai);
  for (const time of ['09:59:59', '10:00:00', '10:02:59', '10:03:00']) server.record({ ...call, at: at(time) });
  const answer = await api.fetchUsage(between('10:00', '10:03'));
  assert.equal(answer.status, 'ok');
  assert.deepEqual(
    answer.buckets.map((bucket) => bucket.rows.map((row) => row.api_calls)),
    [[1], [], [1]],
  );
});

test('rows are separated by model and key', async (t) => {
  const { server, api } = await createClient(t, openai);
  server.record({ ...call, at: at('10:00:10') });
  server.record({ ...call, at: at('10:00:20'), model: 'o4-mini' });
  server.record({ ...call, at: at('10:00:30'), apiKeyId: 'key_other' });
  const answer = await api.fetchUsage(between('10:00', '10:01'));
  assert.equal(answer.status, 'ok');
  assert.deepEqual(
    answer.buckets[0]?.rows.map((row) => [row.model, row.api_key_id]),
    [
      ['gpt-4o-mini', 'key_run'],
      ['o4-mini', 'key_run'],
      ['gpt-4o-mini', 'key_other'],
    ],
  );
});

test('key and project filters are sent with the official client’s parameter names', async (t) => {
  const { server, api, pages } = await createClient(t, openai);
  server.record({ ...call, at: at('10:00:10') });
  server.record({ ...call, at: at('10:00:20'), apiKeyId: 'key_other' });
  server.record({ ...call, at: at('10:00:30'), projectId: 'proj_other' });
  const answer = await api.fetchUsage(between('10:00', '10:01', { api_key_id: 'key_run', project_id: 'proj_run' }));
  assert.equal(answer.status, 'ok');
  assert.deepEqual(
    answer.buckets[0]?.rows.map((row) => row.api_calls),
    [1],
  );
  assert.deepEqual(server.requests[0]?.parameters, {
    start_time: [String(at('10:00:00').getTime() / 1000)],
    end_time: [String(at('10:01:00').getTime() / 1000)],
    bucket_width: ['1m'],
    'api_key_ids[]': ['key_run'],
    'project_ids[]': ['proj_run'],
    'group_by[]': ['model', 'api_key_id', 'project_id'],
    limit: ['60'],
  });
  assert.equal(server.requests[0]?.headers.authorization, `Bearer ${server.adminKey}`);
  // What is kept names the parameters as they are documented.
  assert.deepEqual(pages[0]?.parameters['api_key_ids'], ['key_run']);
});

test('rows of another key or project are not counted, even if the provider ignored the filter', async (t) => {
  const { server, api } = await createClient(t, { ...openai, ignoreFilters: true });
  server.record({ ...call, at: at('10:00:10') });
  server.record({ ...call, at: at('10:00:20'), apiKeyId: 'key_other' });
  server.record({ ...call, at: at('10:00:30'), projectId: 'proj_other' });
  for (const [filter, calls] of [
    [{ api_key_id: 'key_run' }, 2],
    [{ project_id: 'proj_run' }, 2],
    [{ api_key_id: 'key_run', project_id: 'proj_run' }, 1],
  ] as const) {
    const answer = await api.fetchUsage(between('10:00', '10:01', filter));
    assert.equal(answer.status, 'ok');
    assert.equal(
      answer.buckets[0]?.rows.reduce((sum, row) => sum + (row.api_calls ?? 0), 0),
      calls,
      JSON.stringify(filter),
    );
  }
});

test('a row without a key belongs to the requested key', async (t) => {
  const { server, api } = await createClient(t, { ...openai, row: (row) => ({ ...row, api_key_id: null }) });
  server.record({ ...call, at: at('10:00:10') });
  const answer = await api.fetchUsage(between('10:00', '10:01', { api_key_id: 'key_run' }));
  assert.equal(answer.status, 'ok');
  assert.equal(answer.buckets[0]?.rows[0]?.api_key_id, 'key_run');
  const without = await api.fetchUsage(between('10:00', '10:01'));
  assert.equal(without.status === 'ok' && without.buckets[0]?.rows[0]?.api_key_id, null);
});

test('a null or missing count is unknown, and the other counts are kept', async (t) => {
  const { server, api } = await createClient(t, openai);
  server.record({ ...call, at: at('10:00:10') });
  for (const row of [
    (row: Record<string, unknown>) => ({ ...row, output_tokens: null, input_cached_tokens: null }),
    ({ output_tokens: _output, input_cached_tokens: _cached, ...row }: Record<string, unknown>) => row,
  ]) {
    server.setShape({ row });
    const answer = await api.fetchUsage(between('10:00', '10:01'));
    assert.equal(answer.status, 'ok');
    const { input_tokens, output_tokens, cached_tokens, api_calls } = answer.buckets[0]?.rows[0] ?? {};
    assert.deepEqual([input_tokens, output_tokens, cached_tokens, api_calls], [100, null, null, 1]);
  }
});

test('field names of the previous API and counts as text are read', async (t) => {
  const asText = (row: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'number' ? String(value) : value]));
  const { server, api } = await createClient(t, { ...openai, oldNames: true, row: asText });
  server.record({ ...call, at: at('10:00:10') });
  const answer = await api.fetchUsage(between('10:00', '10:01'));
  assert.equal(answer.status, 'ok');
  const { input_tokens, output_tokens, cached_tokens, api_calls } = answer.buckets[0]?.rows[0] ?? {};
  assert.deepEqual([input_tokens, output_tokens, cached_tokens, api_calls], [100, 7, 40, 1]);
});

test('batch jobs and audio tokens are counted once', async (t) => {
  const { server, api } = await createClient(t, {
    ...openai,
    row: (row) => ({ ...row, input_audio_tokens: 30, output_audio_tokens: 3 }),
  });
  server.record({ ...call, at: at('10:00:10') });
  server.record({ ...call, at: at('10:00:20'), batch: true });
  const answer = await api.fetchUsage(between('10:00', '10:01'));
  assert.equal(answer.status === 'ok' && answer.buckets[0]?.rows[0]?.input_tokens, 200);
});

test('usage appears after a delay and may be revised', async (t) => {
  const { server, api } = await createClient(t, { ...openai, delayMs: 300_000 });
  const id = server.record({ ...call, at: at('10:00:10') });
  server.revise(id, { from: at('10:30:00'), output: 8 });
  const outputs = [];
  for (const now of ['10:05:00', '10:05:10', '10:29:59', '10:30:00']) {
    server.setNow(at(now));
    const answer = await api.fetchUsage(between('10:00', '10:01'));
    outputs.push(answer.status === 'ok' ? answer.buckets[0]?.rows[0]?.output_tokens : answer);
  }
  assert.deepEqual(outputs, [undefined, 7, 7, 8]);
});

test('a window that is not whole minutes is rejected without a request', async (t) => {
  const { server, api } = await createClient(t, openai);
  const { filter } = between('10:00', '10:01');
  await assert.rejects(api.fetchUsage({ start: at('10:00:30'), end: at('10:01:00'), filter }), RangeError);
  await assert.rejects(api.fetchUsage({ start: at('10:01:00'), end: at('10:01:00'), filter }), RangeError);
  await assert.rejects(api.fetchCosts({ start: at('10:00:00'), end: new Date(NaN), filter }), RangeError);
  assert.equal(server.requests.length, 0);
});

const tomorrow = { now: () => new Date('2026-03-03T00:00:00Z') };

test('the cost of a day that is not over is unknown', async (t) => {
  const { server, api } = await createClient(t, openai, { now: () => new Date('2026-03-02T23:59:59.999Z') });
  server.record({ ...call, at: at('10:00:10'), usd: '1' });
  const days = { start: '2026-03-02T00:00:00.000Z', end: '2026-03-03T00:00:00.000Z' };
  assert.deepEqual(await api.fetchCosts(between('10:00', '10:01')), { status: 'ok', usd: null, ...days });
});

test('costs are exact sums of whole days, as numbers or as text', async (t) => {
  const { server, api } = await createClient(t, openai, tomorrow);
  for (const usd of ['0.1', '0.2', '0.000000000001']) server.record({ ...call, at: at('10:00:10'), usd });
  server.record({ ...call, at: new Date('2026-03-03T00:00:00Z'), usd: '50' });
  server.setNow(new Date('2026-03-04T00:00:00Z'));
  for (const amountsAsText of [false, true]) {
    server.setShape({ amountsAsText });
    assert.deepEqual(await api.fetchCosts(between('10:00', '10:01')), {
      status: 'ok',
      usd: 0.300000000001,
      start: '2026-03-02T00:00:00.000Z',
      end: '2026-03-03T00:00:00.000Z',
    });
  }
});

test('costs are filtered by key and project', async (t) => {
  const { server, api } = await createClient(t, openai, tomorrow);
  server.record({ ...call, at: at('10:00:10'), usd: '1' });
  server.record({ ...call, at: at('10:00:10'), usd: '2', apiKeyId: 'key_other' });
  server.record({ ...call, at: at('10:00:10'), usd: '4', projectId: 'proj_other' });
  for (const ignoreFilters of [false, true]) {
    server.setShape({ ignoreFilters });
    const usd = async (filter: Record<string, string>) => {
      const answer = await api.fetchCosts(between('10:00', '10:01', filter));
      return answer.status === 'ok' ? answer.usd : answer;
    };
    assert.equal(await usd({}), 7);
    assert.equal(await usd({ api_key_id: 'key_run' }), 5);
    assert.equal(await usd({ project_id: 'proj_run' }), 3);
    assert.equal(await usd({ api_key_id: 'key_run', project_id: 'proj_run' }), 1);
  }
});

test('a missing amount is unknown, not zero', async (t) => {
  const { server, api } = await createClient(t, openai, tomorrow);
  const usd = async () => {
    const answer = await api.fetchCosts(between('10:00', '10:01'));
    return answer.status === 'ok' ? answer.usd : answer;
  };
  assert.equal(await usd(), null, 'no rows');
  server.record({ ...call, at: at('10:00:10'), usd: '1' });
  assert.equal(await usd(), 1);
  server.setShape({ row: ({ amount: _amount, ...row }) => row });
  assert.equal(await usd(), null, 'a row without its amount');
  server.setShape({ row: (row) => row, omitEmpty: true });
  const twoDays = { ...between('10:00', '10:01'), start: new Date('2026-03-01T23:59:00Z') };
  const answer = await api.fetchCosts(twoDays);
  assert.equal(answer.status === 'ok' && answer.usd, null, 'a day without its bucket');
});

test('costs in another currency or below zero are a failure', async (t) => {
  const { server, api } = await createClient(t, openai, tomorrow);
  server.record({ ...call, at: at('10:00:10'), usd: '1' });
  server.setShape({ row: (row) => ({ ...row, amount: { value: 1, currency: 'eur' } }) });
  assert.equal((await api.fetchCosts(between('10:00', '10:01'))).status, 'failed');
  server.setShape({ row: (row) => ({ ...row, amount: { value: '-1', currency: 'usd' } }) });
  assert.equal((await api.fetchCosts(between('10:00', '10:01'))).status, 'failed');
});
