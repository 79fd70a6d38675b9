import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { withStep } from '../../../src/log/index.ts';
import { startMeter } from '../../../src/meter/index.ts';
import { withLedgerRun } from '../ledger-run.ts';
import { postChatCompletion, withMeteredAttempt, openRunWithoutKeyOrPrices, CHAT_REQUEST } from '../metered-attempt.ts';
import { sendCompletion, startUpstreamStub } from '../upstream-stub.ts';

test('the same request after a failed call is its retry; after a success, or with another body, it is not', async () => {
  let calls = 0;
  await withMeteredAttempt(
    (response) => {
      calls += 1;
      if (calls > 2) sendCompletion(response);
      else
        response
          .writeHead(429, { 'content-type': 'application/json', 'retry-after': '1' })
          .end('{"error":{"message":"slow down"}}');
    },
    async ({ run, endpoint }) => {
      const first = await postChatCompletion(endpoint, CHAT_REQUEST);
      assert.equal(first.status, 429);
      assert.equal(first.headers.get('retry-after'), '1');
      assert.deepEqual(await first.json(), { error: { message: 'slow down' } });
      for (const body of [CHAT_REQUEST, CHAT_REQUEST, CHAT_REQUEST, { ...CHAT_REQUEST, model: 'other' }])
        await (await postChatCompletion(endpoint, body)).text();
      const records = (await run.wait('llm_call', 5)).map(({ metadata }) => metadata);
      assert.deepEqual(
        records.map(({ outcome }) => outcome),
        ['http_error', 'http_error', 'ok', 'ok', 'ok'],
      );
      assert.deepEqual(
        records.map(({ retry_of }) => records.findIndex(({ call_id }) => call_id === retry_of)),
        [-1, 0, 1, -1, -1],
      );
      assert.equal(records[0]?.['gen_ai.usage.input_tokens'], null);
    },
  );
});

test('of concurrent equal requests, each failed call gets exactly one retry', async () => {
  const waiting: (() => void)[] = [];
  let calls = 0;
  await withMeteredAttempt(
    async (response) => {
      calls += 1;
      const fails = calls <= 3;
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        // The first three fail together; of the others each is answered before the next one comes.
        if (!fails || waiting.length === 3) for (const go of waiting.splice(0)) go();
      });
      if (fails) response.writeHead(500).end();
      else sendCompletion(response);
    },
    async ({ run, endpoint }) => {
      await Promise.all([1, 2, 3].map(async () => (await postChatCompletion(endpoint, CHAT_REQUEST)).text()));
      for (let again = 0; again < 4; again += 1) await (await postChatCompletion(endpoint, CHAT_REQUEST)).text();
      const records = (await run.wait('llm_call', 7)).map(({ metadata }) => metadata);
      const failed = records.filter(({ outcome }) => outcome === 'http_error').map(({ call_id }) => call_id);
      const repeated = records.map(({ retry_of }) => retry_of).filter((id) => id !== null);
      assert.deepEqual(repeated.sort(), failed.sort());
      assert.equal(records.at(-1)?.retry_of, null);
    },
  );
});

test('concurrent attempts are never mixed up', async () => {
  await withLedgerRun(async (run) => {
    await using upstream = await startUpstreamStub((response, seen) => {
      const { step, n } = JSON.parse(seen.body.toString());
      setImmediate(() => sendCompletion(response, { prompt_tokens: step * 1000 + n, completion_tokens: 1 }));
    });
    await using meter = await startMeter();
    const runMeter = openRunWithoutKeyOrPrices(meter, `${upstream.origin}/v1`);
    const attempt = (step: number): Promise<void> =>
      withStep(step, { attempt: step }, async () => {
        const endpoint = runMeter.openAttempt({ step, attempt: step });
        await Promise.all(
          Array.from({ length: 50 }, async (_, n) => (await postChatCompletion(endpoint, { ...CHAT_REQUEST, step, n })).text()),
        );
        await endpoint.close();
      });
    await Promise.all([1, 2].map(attempt));
    for (const step of [1, 2]) {
      const calls = run.lines('llm_call', step);
      assert.ok(calls.every((call) => call.step === step && call.attempt === step && call.late === undefined));
      const inputs = calls.map(({ metadata }) => metadata['gen_ai.usage.input_tokens'] ?? 0).sort((a, b) => a - b);
      assert.deepEqual(
        inputs,
        Array.from({ length: 50 }, (_, n) => step * 1000 + n),
      );
    }
    assert.equal(upstream.seen[0]?.headers.authorization, undefined, 'without a key none is sent');
  });
});

test('a call after the end of its step is recorded there and marked late', async () => {
  await withLedgerRun(async (run) => {
    await using upstream = await startUpstreamStub((response) => sendCompletion(response));
    await using meter = await startMeter();
    const runMeter = openRunWithoutKeyOrPrices(meter, `${upstream.origin}/v1`);
    const endpoint = await withStep(1, { attempt: 1 }, async () => {
      const opened = runMeter.openAttempt({ step: 1, attempt: 1 });
      await (await postChatCompletion(opened, CHAT_REQUEST)).text();
      await opened.close();
      return opened;
    });
    await withStep(2, { attempt: 1 }, async () => {
      await (await postChatCompletion(endpoint, CHAT_REQUEST)).text();
      await run.wait('llm_call', 2);
    });
    assert.deepEqual(
      run.lines('llm_call').map(({ step, late }) => [step, late]),
      [
        [1, undefined],
        [1, true],
      ],
    );
    assert.deepEqual(run.lines('llm_call', 2), []);
  });
});

test('a call after the end of its run is recorded in its step as well', async () => {
  await using upstream = await startUpstreamStub((response) => sendCompletion(response));
  await using meter = await startMeter();
  const runMeter = openRunWithoutKeyOrPrices(meter, `${upstream.origin}/v1`);
  await withLedgerRun(
    () => withStep(1, { attempt: 1 }, async () => runMeter.openAttempt({ step: 1, attempt: 1 })),
    async (run, endpoint) => {
      await (await postChatCompletion(endpoint, CHAT_REQUEST)).text();
      await endpoint.close();
      assert.deepEqual(
        run.lines('llm_call').map(({ step, late }) => [step, late]),
        [[1, true]],
      );
    },
  );
});

test('the meter closes even if the upstream never responds, and the call is recorded', async () => {
  await withLedgerRun(async (run) => {
    let arrived: (() => void) | undefined;
    const asked = new Promise<void>((resolve) => (arrived = resolve));
    await using upstream = await startUpstreamStub(() => arrived?.());
    const meter = await startMeter();
    const runMeter = openRunWithoutKeyOrPrices(meter, `${upstream.origin}/v1`);
    await withStep(1, { attempt: 1 }, async () => {
      const pending = postChatCompletion(runMeter.openAttempt({ step: 1, attempt: 1 }), CHAT_REQUEST);
      await asked;
      await Promise.all([assert.rejects(pending), meter[Symbol.asyncDispose]()]);
      assert.equal(run.lines('llm_call')[0]?.metadata.outcome, 'client_aborted');
    });
  });
});

test('a client that disconnects before its request is complete is recorded, and nothing is forwarded', async () => {
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ run, upstream, endpoint }) => {
      const headers = { 'content-length': 1000, 'content-type': 'application/json' };
      const request = httpRequest(`${endpoint.baseUrl}/chat/completions`, { method: 'POST', headers, agent: false });
      request.on('error', () => undefined);
      await new Promise<void>((resolve) => request.write('{"model":', () => resolve()));
      request.destroy();
      const [call] = await run.wait('llm_call', 1);
      const [start] = run.lines('llm_call_start');
      assert.equal(start?.metadata.call_id, call?.metadata.call_id);
      assert.equal(call?.metadata.outcome, 'client_aborted');
      assert.equal(call?.metadata.status, null);
      assert.equal(call?.metadata['gen_ai.usage.input_tokens'], null);
      assert.ok(call !== undefined && call.metadata.request_bytes <= 9);
      assert.equal(upstream.seen.length, 0);
    },
  );
});
