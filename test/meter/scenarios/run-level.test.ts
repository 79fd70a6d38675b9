import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withStep } from '../../../src/log/index.ts';
import { startMeter, type MeteredEndpoint } from '../../../src/meter/index.ts';
import { withLedgerRun } from '../ledger-run.ts';
import { postChatCompletion, openRunWithoutKeyOrPrices, CHAT_REQUEST } from '../metered-attempt.ts';
import { sendCompletion, startUpstreamStub } from '../upstream-stub.ts';

const call = async (endpoint: MeteredEndpoint, body: object = CHAT_REQUEST): Promise<void> => {
  await (await postChatCompletion(endpoint, body)).text();
};

test('a call to the run’s URL belongs to the attempt that is open when it arrives, else to the run', async () => {
  await withLedgerRun(async (run) => {
    await using upstream = await startUpstreamStub((response) => sendCompletion(response));
    await using meter = await startMeter();
    const runMeter = openRunWithoutKeyOrPrices(meter, `${upstream.origin}/v1`);
    const ofRun = runMeter.openRun();
    assert.match(new URL(ofRun.rootUrl).pathname, /^\/[\w-]+\/r\/run-1$/);
    assert.equal(ofRun.baseUrl, `${ofRun.rootUrl}/v1`);

    await call(ofRun);
    for (const [step, attempt] of [
      [1, 1],
      [1, 2],
      [2, 1],
    ] as const) {
      await withStep(step, { attempt }, async () => {
        const endpoint = runMeter.openAttempt({ step, attempt });
        await call(ofRun);
        await call(endpoint);
        await endpoint.close();
      });
    }
    await call(ofRun);
    await ofRun.close();

    const seen = [0, 1, 2].flatMap((step) =>
      run.lines('llm_call', step).map((line) => [line.step, line.attempt ?? null, line.metadata.attribution, line.late ?? false]),
    );
    assert.deepEqual(seen, [
      [null, null, 'run', false],
      [null, null, 'run', false],
      [1, 1, 'current_attempt', false],
      [1, 1, 'url', false],
      [1, 2, 'current_attempt', false],
      [1, 2, 'url', false],
      [2, 1, 'current_attempt', false],
      [2, 1, 'url', false],
    ]);
    const starts = [0, 1, 2].flatMap((step) => run.lines('llm_call_start', step).map(({ metadata }) => metadata.attribution));
    assert.equal(starts.filter((attribution) => attribution === 'current_attempt').length, 3);
  });
});

test('a call to the run’s URL stays with its attempt, whose close waits for it', async () => {
  await withLedgerRun(async (run) => {
    let release: (() => void) | undefined;
    let arrived: (() => void) | undefined;
    const asked = new Promise<void>((resolve) => (arrived = resolve));
    await using upstream = await startUpstreamStub((response) => {
      release = () => sendCompletion(response);
      arrived?.();
    });
    await using meter = await startMeter();
    const runMeter = openRunWithoutKeyOrPrices(meter, `${upstream.origin}/v1`);
    const ofRun = runMeter.openRun();
    let pending: Promise<void> | undefined;
    await withStep(1, { attempt: 1 }, async () => {
      const endpoint = runMeter.openAttempt({ step: 1, attempt: 1 });
      pending = call(ofRun);
      await asked;
      const closed = endpoint.close();
      release?.();
      await closed;
      assert.equal(run.lines('llm_call', 1).length, 1);
    });
    await pending;
    assert.equal(run.lines('llm_call', 1)[0]?.metadata.attribution, 'current_attempt');
    assert.equal(run.lines('llm_call', 0).length, 0);
  });
});

test('each run has its own upstream, key and address', async () => {
  await withLedgerRun(async () => {
    await using first = await startUpstreamStub((response) => sendCompletion(response));
    await using second = await startUpstreamStub((response) => sendCompletion(response));
    await using meter = await startMeter();
    const of = (origin: string, apiKey: string): MeteredEndpoint =>
      openRunWithoutKeyOrPrices(meter, origin, { upstream: { baseUrl: `${origin}/v1`, apiKey } }).openRun();
    const endpoints = [of(first.origin, 'key-of-the-first'), of(second.origin, 'key-of-the-second')];
    for (const endpoint of endpoints) await call(endpoint);
    assert.notEqual(endpoints[0]?.rootUrl, endpoints[1]?.rootUrl);
    assert.equal(endpoints[0]?.apiKey, endpoints[1]?.apiKey);
    assert.deepEqual(
      [first, second].map(({ seen }) => seen.map(({ headers }) => headers.authorization)),
      [['Bearer key-of-the-first'], ['Bearer key-of-the-second']],
    );
  });
});

test('askStreamUsage: false leaves stream requests unchanged', async () => {
  await withLedgerRun(async (run) => {
    const text =
      'data: {"model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
    await using upstream = await startUpstreamStub((response) => {
      response.setHeader('content-type', 'text/event-stream').setHeader('content-length', text.length);
      response.end(text);
    });
    await using meter = await startMeter();
    const baseUrl = `${upstream.origin}/v1`;
    const endpoint = openRunWithoutKeyOrPrices(meter, baseUrl, {
      upstream: { baseUrl, apiKey: null, askStreamUsage: false },
    }).openRun();
    const response = await postChatCompletion(endpoint, { ...CHAT_REQUEST, stream: true });
    assert.equal(response.headers.get('content-length'), String(text.length));
    assert.equal(await response.text(), text);
    assert.deepEqual(JSON.parse(upstream.seen[0]?.body.toString() ?? ''), { ...CHAT_REQUEST, stream: true });
    const [record] = await run.wait('llm_call', 1, 0);
    assert.equal(record?.metadata.outcome, 'ok');
    assert.equal(record?.metadata['gen_ai.usage.input_tokens'], null);
    assert.equal(record?.metadata.estimate?.output_tokens, 1);
  });
});
