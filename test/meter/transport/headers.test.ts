import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DUMMY_KEY, injectKey, queryWithoutKey } from '../../../src/meter/transport/headers.ts';
import { withMeteredAttempt, REAL_KEY, CHAT_REQUEST } from '../metered-attempt.ts';
import { sendCompletion } from '../upstream-stub.ts';

test('the real key replaces the dummy and appears nowhere else', () => {
  const sent = (headers: Record<string, string>, query = '', provider: 'openai' | 'anthropic' | 'gemini' = 'openai') => {
    const left = { ...headers, 'x-kept': '1' };
    const { 'x-kept': kept, ...rest } = left as Record<string, string>;
    assert.equal(kept, '1');
    const to = { ...rest };
    const sentQuery = injectKey(to, query, provider, 'REAL');
    return [to, sentQuery];
  };
  assert.deepEqual(sent({ authorization: `Bearer ${DUMMY_KEY}` }), [{ authorization: 'Bearer REAL' }, '']);
  for (const name of ['x-api-key', 'api-key', 'x-goog-api-key']) {
    assert.deepEqual(sent({ [name]: DUMMY_KEY, authorization: 'Bearer own' }), [{ [name]: 'REAL' }, '']);
  }
  assert.deepEqual(sent({ authorization: `Bearer ${DUMMY_KEY}`, 'x-api-key': DUMMY_KEY }), [
    { authorization: 'Bearer REAL', 'x-api-key': 'REAL' },
    '',
  ]);
  assert.deepEqual(sent({}, `?alt=sse&key=${DUMMY_KEY}`, 'gemini'), [{}, '?alt=sse&key=REAL']);
  assert.deepEqual(sent({ 'x-goog-api-key': DUMMY_KEY }, `?key=${DUMMY_KEY}&alt=sse`, 'gemini'), [
    { 'x-goog-api-key': 'REAL' },
    '?alt=sse',
  ]);
});

test('without the dummy, the real key goes into the header that the client or provider uses', () => {
  const sent = (headers: Record<string, string>, provider: 'openai' | 'anthropic' | 'gemini', query = '') => {
    const to = { ...headers };
    return [to, injectKey(to, query, provider, 'REAL')];
  };
  assert.deepEqual(sent({}, 'openai'), [{ authorization: 'Bearer REAL' }, '']);
  assert.deepEqual(sent({}, 'anthropic'), [{ 'x-api-key': 'REAL' }, '']);
  assert.deepEqual(sent({}, 'gemini'), [{ 'x-goog-api-key': 'REAL' }, '']);
  assert.deepEqual(sent({ 'api-key': 'own' }, 'openai'), [{ 'api-key': 'REAL' }, '']);
  assert.deepEqual(sent({ authorization: 'Bearer own' }, 'anthropic'), [{ authorization: 'Bearer REAL' }, '']);
  assert.deepEqual(sent({}, 'gemini', '?key=own'), [{}, '?key=REAL']);
  // No credential: `key` may mean anything to whoever is no Gemini.
  assert.deepEqual(sent({}, 'openai', '?key=own'), [{ authorization: 'Bearer REAL' }, '?key=own']);
});

test('without a real key the dummy is removed', () => {
  const headers = { authorization: `Bearer ${DUMMY_KEY}`, 'x-api-key': DUMMY_KEY };
  assert.equal(injectKey(headers, `?key=${DUMMY_KEY}`, 'openai', null), '');
  assert.deepEqual(headers, {});
});

test('a key in the query is URL-encoded', () => {
  assert.equal(injectKey({}, `?key=${DUMMY_KEY}`, 'gemini', 'a&b=c'), '?key=a%26b%3Dc');
});

test('the recorded query has no key', () => {
  assert.equal(queryWithoutKey('?key=x'), '');
  assert.equal(queryWithoutKey('?alt=sse&key=x&monkey=1'), '?alt=sse&monkey=1');
  assert.equal(queryWithoutKey('?alt=sse'), '?alt=sse');
});

test('a key in the query reaches the upstream but no record', async () => {
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ run, upstream, endpoint }) => {
      for (const path of ['/v1/chat/completions', '/v1beta/other']) {
        const url = `${endpoint.rootUrl}${path}?key=${endpoint.apiKey}`;
        await (await fetch(url, { method: 'POST', body: JSON.stringify(CHAT_REQUEST) })).text();
      }
      await run.wait('llm_call', 1);
      await run.wait('unmetered_request', 1);
      assert.deepEqual(
        upstream.seen.map(({ url, headers }) => [url, headers.authorization]),
        [
          [`/v1/chat/completions?key=${REAL_KEY}`, undefined],
          [`/v1beta/other?key=${REAL_KEY}`, undefined],
        ],
      );
      const ledger = readFileSync(join(run.dir, 'logs/step_001/metrics.log'), 'utf8');
      assert.ok(!ledger.includes(REAL_KEY) && !ledger.includes('key='));
    },
  );
});
