import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEstimator } from '../../../src/meter/estimates/estimator.ts';

const CHAT = { method: 'POST', path: '/v1/chat/completions' };
const bodyOf = (content: string): Buffer => Buffer.from(JSON.stringify({ messages: [{ role: 'user', content }] }));

test('concurrent estimates each get their own result; nothing to count gives null', async () => {
  const estimator = createEstimator();
  const words = Array.from({ length: 8 }, (_, n) => 'word '.repeat(n + 1).trim());
  const estimates = await Promise.all(
    words.map((text, n) =>
      estimator.estimate({ ...CHAT, body: n % 2 === 0 ? bodyOf(text) : null, outputText: n % 2 === 0 ? null : text }),
    ),
  );
  assert.deepEqual(
    estimates.map((estimate) => [estimate?.input_tokens, estimate?.output_tokens]),
    words.map((_, n) => (n % 2 === 0 ? [n + 1, null] : [null, n + 1])),
  );
  assert.equal(await estimator.estimate({ ...CHAT, body: Buffer.from('no JSON'), outputText: null }), null);
  assert.equal(await estimator.estimate({ method: 'POST', path: '/v1/files', body: bodyOf('text'), outputText: null }), null);
  assert.equal(await estimator.estimate({ ...CHAT, body: null, outputText: '' }), null);
  await estimator.close();
});

test('closing resolves all pending estimates, and a later one starts a new worker', async () => {
  const estimator = createEstimator();
  const pending = estimator.estimate({ ...CHAT, body: null, outputText: 'text' });
  await estimator.close();
  assert.equal(await pending, null);
  assert.equal((await estimator.estimate({ ...CHAT, body: null, outputText: 'text' }))?.output_tokens, 1);
  await estimator.close();
});
