import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendJson, UsageTotals, totalsOfCalls } from '../sent-usage.ts';
import { runDirectAndMetered, type Address } from '../through-meter.ts';
import type { StubHandler } from '../upstream-stub.ts';

const TEXTS = ['Grüße', ' aus Köln 🎓🎓', '.'];

/** Answers as Google does: whole, as events, or as a list; the key in a header or in the query. */
function geminiStub(key: string): { answer: StubHandler; sent: UsageTotals } {
  const sent = new UsageTotals();
  const answer: StubHandler = (response, { url, headers, body }) => {
    const { pathname, searchParams } = new URL(url, 'http://stub');
    if ((headers['x-goog-api-key'] ?? searchParams.get('key')) !== key) {
      return sendJson(response, 403, { error: { code: 403, message: 'no key', status: 'PERMISSION_DENIED' } });
    }
    if (pathname.endsWith(':countTokens')) return sendJson(response, 200, { totalTokens: 4 });
    const promptTokenCount = body.length;
    const parts = TEXTS.map((text, at) => ({
      candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0, ...(at === 2 ? { finishReason: 'STOP' } : {}) }],
      usageMetadata: {
        promptTokenCount,
        candidatesTokenCount: at + 1,
        thoughtsTokenCount: 7,
        totalTokenCount: promptTokenCount + at + 8,
      },
      modelVersion: 'g-001',
    }));
    sent.add({ inputTokens: promptTokenCount, outputTokens: 10, reasoningTokens: 7 });
    if (pathname.endsWith(':generateContent')) return sendJson(response, 200, parts[2] ?? {});
    const events = searchParams.get('alt') === 'sse';
    response.writeHead(200, { 'content-type': events ? 'text/event-stream' : 'application/json; charset=UTF-8' });
    const pieces = parts.map((part, at) =>
      events ? `data: ${JSON.stringify(part)}\r\n\r\n` : `${at === 0 ? '[' : ',\r\n'}${JSON.stringify(part, null, 2)}`,
    );
    for (const piece of events ? pieces : [...pieces, ']']) response.write(piece);
    response.end();
  };
  return { answer, sent };
}

async function ask({ rootUrl, apiKey }: Address, method: string, keyInQuery = false): Promise<unknown> {
  const url = new URL(`${rootUrl}/v1beta/models/g:${method}`);
  if (keyInQuery) url.searchParams.set('key', apiKey);
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(keyInQuery ? {} : { 'x-goog-api-key': apiKey }) },
    body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Say hello 👋' }] }] }),
  });
  return [answer.status, answer.headers.get('content-type'), await answer.text()];
}

test('Gemini responses, event streams and arrays reach the client unchanged and are metered with the totals sent', async () => {
  const { calls, lookups, sent } = await runDirectAndMetered(
    geminiStub,
    async (address) => [
      await ask(address, 'generateContent'),
      await ask(address, 'generateContent', true),
      await ask(address, 'streamGenerateContent?alt=sse'),
      await ask(address, 'streamGenerateContent?alt=sse', true),
      await ask(address, 'streamGenerateContent'),
      await ask(address, 'countTokens'),
    ],
    { calls: 5, lookups: 1 },
  );
  assert.equal(sent.answers, 5);
  assert.deepEqual(totalsOfCalls(calls), sent);
  for (const call of calls) {
    assert.deepEqual([call.outcome, call['gen_ai.request.model'], call['gen_ai.response.model']], ['ok', 'g', 'g-001']);
  }
  assert.deepEqual(
    calls.map((call) => call['gen_ai.request.stream']),
    [false, false, true, true, true],
  );
  assert.deepEqual(
    lookups.map(({ wire }) => wire),
    ['gemini.countTokens'],
  );
});
