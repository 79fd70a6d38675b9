/** The simulated provider is as strict as the real ones: the official client is understood, and mistakes are refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { startUsageServer } from './server.ts';
import { createClient, at, between } from '../api/recording-client.ts';

const start = at('10:00:00').getTime() / 1000;
const call = { model: 'gpt-4o-mini', apiKeyId: 'key_run', projectId: 'proj_run', input: 100, cached: 40, output: 7, usd: '0.5' };

test('the official client and ours send the same parameters and get the same figures', async (t) => {
  const { server, api } = await createClient(t, { provider: 'openai' }, { now: () => new Date('2026-03-03T00:00:00Z') });
  server.record({ ...call, at: at('10:00:10') });
  const client = new OpenAI({ apiKey: 'none', adminAPIKey: server.adminKey, baseURL: server.baseUrl, maxRetries: 0 });
  const filter = { api_key_ids: ['key_run'], project_ids: ['proj_run'] };
  const usage = await client.admin.organization.usage.completions({
    start_time: start,
    end_time: start + 3600,
    bucket_width: '1m',
    ...filter,
    group_by: ['model', 'api_key_id', 'project_id'],
    limit: 60,
  });
  const costs = await client.admin.organization.usage.costs({
    start_time: at('00:00:00').getTime() / 1000,
    end_time: at('00:00:00').getTime() / 1000 + 86_400,
    bucket_width: '1d',
    ...filter,
    group_by: ['api_key_id', 'project_id'],
    limit: 31,
  });

  const query = between('10:00', '11:00', { api_key_id: 'key_run', project_id: 'proj_run' });
  const answer = await api.fetchUsage(query);
  const cost = await api.fetchCosts(query);
  const [theirs, theirCosts, ours, , ourCosts] = server.requests;
  assert.deepEqual(ours?.parameters, theirs?.parameters);
  assert.deepEqual(ourCosts?.parameters, theirCosts?.parameters);
  assert.equal(ours?.headers.authorization, theirs?.headers.authorization);

  const row = usage.data[0]?.results[0];
  assert.ok(row?.object === 'organization.usage.completions.result');
  assert.equal(answer.status, 'ok');
  const found = answer.buckets[0]?.rows[0];
  assert.deepEqual([found?.input_tokens, found?.output_tokens], [row.input_tokens, row.output_tokens]);
  const theirCost = costs.data[0]?.results[0];
  assert.ok(theirCost?.object === 'organization.costs.result');
  assert.equal(cost.status === 'ok' && cost.usd, theirCost.amount?.value);
});

const ask = async (url: string, headers: Record<string, string>): Promise<{ status: number; text: string }> => {
  const response = await fetch(url, { headers });
  return { status: response.status, text: await response.text() };
};

test('OpenAI: invalid parameters are rejected', async (t) => {
  const server = await startUsageServer({ provider: 'openai' });
  t.after(() => server.close());
  const headers = { authorization: `Bearer ${server.adminKey}` };
  const usage = `${server.baseUrl}/organization/usage/completions`;
  for (const [search, message] of [
    ['', /Missing required parameter: 'start_time'/],
    [`start_time=${start}.5`, /expected an integer/],
    [`start_time=${start}&end_time=${start}`, /is not after/],
    [`start_time=${start}&bucket_width=5m`, /Supported values are/],
    [`start_time=${start}&bucket_width=1m&limit=1441`, /Expected a value <= 1440/],
    [`start_time=${start}&limit=32`, /Expected a value <= 31/],
    [`start_time=${start}&limit=0`, /Expected a value >= 1/],
    [`start_time=${start}&group_by[]=colour`, /Invalid value: 'colour'/],
    [`start_time=${start}&page=nonsense`, /not a cursor of this query/],
    [`start_time=${start}&starting_at=now`, /Unknown parameter: 'starting_at'/],
    [`start_time=${start}&start_time=${start}`, /given twice/],
  ] as const) {
    const { status, text } = await ask(`${usage}?${search}`, headers);
    assert.equal(status, 400, search);
    assert.match(text, message);
  }
  assert.equal((await ask(`${server.baseUrl}/organization/costs?start_time=${start}&bucket_width=1m`, headers)).status, 400);
  assert.equal((await ask(`${usage}?start_time=${start}`, {})).status, 401);
  assert.equal((await ask(`${server.baseUrl}/organization/usage/chats?start_time=${start}`, headers)).status, 404);
});

test('Anthropic: invalid parameters and a missing version are rejected', async (t) => {
  const server = await startUsageServer({ provider: 'anthropic' });
  t.after(() => server.close());
  const headers = { 'x-api-key': server.adminKey, 'anthropic-version': '2023-06-01' };
  const usage = `${server.baseUrl}/organizations/usage_report/messages`;
  const from = 'starting_at=2026-03-02T10:00:00Z';
  for (const [search, message] of [
    ['', /starting_at: Field required/],
    ['starting_at=1772445600', /valid datetime/],
    [`${from}&ending_at=2026-03-02T10:00:00Z&bucket_width=1m`, /ending date must be after starting date/],
    [`${from}&bucket_width=1m&group_by=model`, /Unknown parameter: 'group_by'/],
    [`${from}&bucket_width=1m&limit=1441`, /Expected a value <= 1440/],
    [`${from}&project_ids[]=x`, /Unknown parameter/],
  ] as const) {
    const { status, text } = await ask(`${usage}?${search}`, headers);
    assert.equal(status, 400, search);
    assert.match(text, message);
  }
  assert.equal((await ask(`${usage}?${from}`, { 'x-api-key': server.adminKey })).status, 400);
  assert.equal((await ask(`${usage}?${from}&bucket_width=1m`, headers)).status, 200);
});

test('a range contains the minutes that start in it, so a range without a minute boundary is empty', async (t) => {
  const server = await startUsageServer({ provider: 'openai' });
  t.after(() => server.close());
  server.record({ ...call, at: at('10:00:30') });
  const headers = { authorization: `Bearer ${server.adminKey}` };
  const input = async (from: string, to: string, width: string) => {
    const [start_time, end_time] = [at(from), at(to)].map((time) => time.getTime() / 1000);
    const search = `start_time=${start_time}&end_time=${end_time}&bucket_width=${width}`;
    const { text } = await ask(`${server.baseUrl}/organization/usage/completions?${search}`, headers);
    const { data } = JSON.parse(text) as { data: { results: { input_tokens: number }[] }[] };
    return data.map(({ results }) => results[0]?.input_tokens ?? null);
  };
  for (const width of ['1m', '1d']) {
    assert.deepEqual(await input('10:00:20', '10:00:40', width), [], 'the call itself is inside');
    assert.deepEqual(await input('09:59:50', '10:00:10', width), [100], 'the whole minute counts');
  }
});

test('a call is booked at its end or, as an option, at its start', async (t) => {
  for (const [attribution, expected] of [
    ['completion', [0, 1]],
    ['start', [1, 0]],
  ] as const) {
    const { server, api } = await createClient(t, { provider: 'openai', attribution });
    server.record({ ...call, startedAt: at('10:00:50'), at: at('10:01:10') });
    const answer = await api.fetchUsage(between('10:00', '10:02'));
    assert.equal(answer.status, 'ok');
    assert.deepEqual(
      answer.buckets.map(({ rows }) => rows.length),
      expected,
    );
  }
});
