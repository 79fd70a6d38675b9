/** Addresses of phases: their calls are the attempt's in everything, and carry the phase. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withStep } from '../../../src/log/index.ts';
import { createBudget, startMeter, type MeteredAddress, type MeteredAttempt } from '../../../src/meter/index.ts';
import type { RunMeter, RunMeterOptions } from '../../../src/meter/index.ts';
import { withLedgerRun } from '../ledger-run.ts';
import type { LedgerRun } from '../ledger-run.ts';
import { openRunWithoutKeyOrPrices, STREAMED_CHAT_REQUEST, CHAT_REQUEST } from '../metered-attempt.ts';
import { sendCompletion, startUpstreamStub, streamEvents, type StubHandler } from '../upstream-stub.ts';

async function ask({ baseUrl }: Pick<MeteredAddress, 'baseUrl'>, body: object = CHAT_REQUEST): Promise<number> {
  const response = await fetch(`${baseUrl}/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
  await response.text();
  return response.status;
}

async function attempt(
  answer: StubHandler,
  use: (given: { run: LedgerRun; meter: RunMeter; own: MeteredAttempt; paths: () => string[] }) => Promise<void>,
  options: Partial<RunMeterOptions> = {},
): Promise<void> {
  await withLedgerRun(async (run) => {
    await using upstream = await startUpstreamStub(answer);
    await using proxy = await startMeter();
    const meter = openRunWithoutKeyOrPrices(proxy, `${upstream.origin}/v1`, options);
    await withStep(1, { attempt: 2 }, async () => {
      const own = meter.openAttempt({ step: 1, attempt: 2 });
      await use({ run, meter, own, paths: () => upstream.seen.map(({ url }) => url) });
      await own.close();
    });
  });
}

test('both records of a call name the phase of its address; without a phase it is null', async () => {
  await attempt(
    (response) => sendCompletion(response),
    async ({ run, meter, own, paths }) => {
      const [plan, again] = [own.phaseAddress('plan'), own.phaseAddress('plan')];
      assert.match(new URL(plan.rootUrl).pathname, /^\/[\w-]+\/r\/run-1\/s\/1\/a\/2\/p\/plan$/);
      assert.equal(plan.baseUrl, `${plan.rootUrl}/v1`);
      assert.equal(plan.apiKey, own.apiKey);
      for (const address of [own, plan, own.phaseAddress('im-pl_3'), again, meter.openRun()])
        assert.equal(await ask(address), 200);
      const phases = [null, 'plan', 'im-pl_3', 'plan', null];
      const ended = await run.wait('llm_call', 5);
      assert.deepEqual(
        ended.map(({ step, attempt: at, metadata }) => [step, at, metadata.phase, metadata.attribution]),
        phases.map((phase, index) => [1, 2, phase, index === 4 ? 'current_attempt' : 'url']),
      );
      assert.deepEqual(
        run.lines('llm_call_start').map(({ metadata }) => metadata.phase),
        phases,
      );
      assert.deepEqual(new Set(paths()), new Set(['/v1/chat/completions']), 'the upstream learns nothing of it');
    },
  );
});

test('addresses that were not issued and invalid phase names are rejected', async () => {
  await attempt(
    (response) => sendCompletion(response),
    async ({ run, own }) => {
      const { baseUrl } = own.phaseAddress('plan');
      assert.equal(await ask({ baseUrl: baseUrl.replace('/p/plan', '/p/planning') }), 404);
      assert.equal(await ask({ baseUrl: baseUrl.replace('/p/plan', '/p/tasks') }), 404);
      assert.equal(await ask({ baseUrl: baseUrl.replace('/p/plan', '') }), 404);
      for (const name of ['', '..', 'a/b', 'a b', 'ü', 'x'.repeat(65)]) assert.throws(() => own.phaseAddress(name), TypeError);
      assert.equal(run.lines('llm_call_start').length, 0);
    },
  );
});

test('calls to a phase address share retries, estimates and budget refusals with their attempt', async () => {
  let calls = 0;
  await attempt(
    (response, seen) => {
      calls += 1;
      if (calls === 1) response.writeHead(500).end();
      else if (JSON.parse(seen.body.toString()).stream === true) {
        const { shown, done } = streamEvents(false);
        response.setHeader('content-type', 'text/event-stream');
        response.end([...shown, done].join(''));
      } else sendCompletion(response);
    },
    async ({ run, own }) => {
      const plan = own.phaseAddress('plan');
      assert.deepEqual(
        [await ask(own), await ask(plan), await ask(plan, STREAMED_CHAT_REQUEST), await ask(plan)],
        [500, 200, 200, 429],
      );
      const [failed, again, estimated] = (await run.wait('llm_call', 3)).map(({ metadata }) => metadata);
      assert.deepEqual([again?.retry_of, again?.phase], [failed?.call_id, 'plan']);
      assert.equal(estimated?.usage_source, 'estimate');
      assert.deepEqual([(estimated?.estimate?.output_tokens ?? 0) > 0, estimated?.phase], [true, 'plan']);
      assert.equal(run.lines('budget_refused').length, 1);
      assert.equal(own.budgetExceeded.aborted, true);
    },
    { budgets: [createBudget({ scope: 'run', limits: { max_calls: 3 } })] },
  );
});

test('closing an attempt waits for calls of its phases; later ones belong to the attempt and are late', async () => {
  await withLedgerRun(async (run) => {
    let release: (() => void) | undefined;
    const asked = Promise.withResolvers<void>();
    await using upstream = await startUpstreamStub(async (response) => {
      await new Promise<void>((resolve) => {
        release = resolve;
        asked.resolve();
      });
      sendCompletion(response);
    });
    await using proxy = await startMeter();
    const meter = openRunWithoutKeyOrPrices(proxy, `${upstream.origin}/v1`);
    const plan = await withStep(1, { attempt: 1 }, async () => {
      const own = meter.openAttempt({ step: 1, attempt: 1 });
      const address = own.phaseAddress('plan');
      const call = ask(address);
      await asked.promise;
      const closed = own.close();
      release?.();
      await closed;
      assert.equal(run.lines('llm_call').length, 1);
      await call;
      return address;
    });
    const late = ask(plan);
    while (upstream.seen.length < 2) await new Promise((resolve) => setImmediate(resolve));
    release?.();
    await late;
    const lines = await run.wait('llm_call', 2);
    assert.deepEqual(
      lines.map(({ attempt: at, late: isLate, metadata }) => [at, isLate ?? false, metadata.phase]),
      [
        [1, false, 'plan'],
        [1, true, 'plan'],
      ],
    );
  });
});
