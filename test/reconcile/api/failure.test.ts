import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, between } from './recording-client.ts';

const hour = between('10:00', '11:00');
const secret = 'AAAABBBBCCCCDDDDEEEEFFFFGGGG';

const refusals: [what: string, provider: 'openai' | 'anthropic', key: string, status: number, reason: RegExp, fix: RegExp][] = [
  [
    'a project key',
    'openai',
    `sk-proj-${secret}`,
    403,
    /the given key is a model API key \(sk-proj-…\), but reading usage requires an admin key \(scope api\.usage\.read\)\.$/,
    /admin keys \(sk-admin-…\) at https:\/\/platform\.openai\.com\/settings\/organization\/admin-keys/,
  ],
  ['an old key', 'openai', `sk-${secret}`, 401, /a model API key \(sk-…\)/, /sk-admin-/],
  ["Anthropic's key", 'openai', `sk-ant-admin01-${secret}`, 401, /the given key is an Anthropic key/, /platform\.openai\.com/],
  [
    'an admin key without the scope',
    'openai',
    `sk-admin-${secret}`,
    403,
    /the admin key lacks the scope api\.usage\.read\.$/,
    /^Add the scope api\.usage\.read to the key/,
  ],
  [
    'an unknown word',
    'openai',
    secret,
    401,
    /OpenAI does not accept the admin key, or it may not read usage \(scope api\.usage\.read\)/,
    /sk-admin-/,
  ],
  [
    'a key for calls',
    'anthropic',
    `sk-ant-api03-${secret}`,
    401,
    /a model API key \(sk-ant-api…\), but reading usage requires an admin key \(scope org:admin\)\.$/,
    /Claude Console/,
  ],
  ["OpenAI's key", 'anthropic', `sk-admin-${secret}`, 401, /the given key is a key of another provider/, /sk-ant-admin…/],
  [
    'another admin key',
    'anthropic',
    `sk-ant-admin01-${secret}`,
    403,
    /Anthropic does not accept the admin key, or it may not read usage \(scope org:admin\) \(Your API key does not have permission\)\.$/,
    /sk-ant-admin…/,
  ],
];
for (const [what, provider, adminKey, status, reason, fix] of refusals) {
  test(`${provider} refuses ${what}: the message says what is missing and does not contain the key`, async (t) => {
    const { server, api, pages } = await createClient(t, { provider }, { adminKey });
    for (const answer of [await api.fetchUsage(hour), await api.fetchCosts(hour)]) {
      assert.equal(answer.status, 'failed');
      assert.match(answer.reason, new RegExp(`HTTP ${status} `));
      assert.match(answer.reason, reason);
      assert.match(answer.fix, fix);
      assert.equal(answer.retryable, false);
      assert.doesNotMatch(JSON.stringify(answer), /AAAABBBB|GGGG/);
    }
    assert.equal(server.requests.length, 2, 'asked once each');
    assert.equal(pages.length, 2);
    assert.doesNotMatch(JSON.stringify(pages), /AAAABBBBCCCC/);
  });
}

test('a 401 that names a missing scope is reported as a missing scope', async (t) => {
  const { server, api } = await createClient(t, { provider: 'openai' });
  const message =
    'You have insufficient permissions for this operation. Missing scopes: api.usage.read, api.management.read. Check that …';
  server.addFault({ kind: 'status', status: 401, message });
  const answer = await api.fetchUsage(hour);
  assert.equal(answer.status, 'failed');
  assert.match(answer.reason, /lacks the scope api\.usage\.read, api\.management\.read\.$/);
});

for (const [what, adminKey] of [
  ['empty', ''],
  ['with a line end', `sk-admin-${secret}\n`],
  ['with a letter that no header takes', `sk-admin-${secret}é`],
] as const) {
  test(`a key that is ${what} is rejected with a message that does not contain it`, async (t) => {
    const { server, api, pages } = await createClient(t, { provider: 'openai' }, { adminKey });
    const answer = await api.fetchUsage(hour);
    assert.equal(answer.status, 'failed');
    assert.match(answer.reason, /^The admin key for OpenAI is (empty|invalid)/);
    assert.equal(answer.retryable, false);
    assert.doesNotMatch(JSON.stringify(answer), /AAAABBBB/);
    assert.deepEqual([server.requests.length, pages.length], [0, 0]);
  });
}

test('anything that looks like a key is masked in quoted messages', async (t) => {
  const { server, api } = await createClient(t, { provider: 'openai' });
  server.addFault({ kind: 'status', status: 400, message: 'No key sk-proj-AAAABBBB here.' });
  const answer = await api.fetchUsage(hour);
  assert.match(answer.status === 'failed' ? answer.reason : '', /: No key \[redacted\] here\.$/);
});

test('a response that contains the key is stored with the key masked', async (t) => {
  const { server, api, pages } = await createClient(t, { provider: 'openai' });
  server.addFault({ kind: 'body', body: `{"error":"the key ${server.adminKey} is odd"}`, status: 400 });
  const answer = await api.fetchUsage(hour);
  assert.equal(answer.status, 'failed');
  for (const kept of [answer, pages]) assert.ok(!JSON.stringify(kept).includes(server.adminKey));
  assert.equal(pages[0]?.body, '{"error":"the key [admin key] is odd"}');
});

test('a connection error that contains the key is stored with the key masked', async (t) => {
  const fetch = (_url: unknown, init?: RequestInit) =>
    Promise.reject(new TypeError('fetch failed', { cause: new Error(`bad header ${JSON.stringify(init?.headers)}`) }));
  const { server, api, pages } = await createClient(t, { provider: 'openai' }, { fetch });
  const answer = await api.fetchUsage(hour);
  assert.equal(answer.status, 'failed');
  for (const text of [JSON.stringify(answer), pages[0]?.error?.stack ?? '']) assert.ok(!text.includes(server.adminKey), text);
});
