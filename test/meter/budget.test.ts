import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withStep } from '../../src/log/index.ts';
import { createBudget, loadPrices, startMeter, unpriced, type BudgetRefusal } from '../../src/meter/index.ts';
import { admit } from '../../src/meter/budget.ts';
import { withLedgerRun } from './ledger-run.ts';
import {
  postChatCompletion,
  withMeteredAttempt,
  openRunWithoutKeyOrPrices,
  STREAMED_CHAT_REQUEST,
  CHAT_REQUEST,
} from './metered-attempt.ts';
import { sendCompletion, startUpstreamStub, streamEvents } from './upstream-stub.ts';

const USED = { prompt_tokens: 60, completion_tokens: 40 };

test('a call over the budget is refused with 429, is not counted, and tells clients not to retry', async () => {
  const budget = createBudget({ scope: 'run', limits: { max_calls: 2 } });
  await withMeteredAttempt(
    (response) => sendCompletion(response, USED),
    async ({ run, upstream, endpoint }) => {
      for (const expected of [200, 200, 429, 429]) {
        const response = await postChatCompletion(endpoint, CHAT_REQUEST);
        assert.equal(response.status, expected);
        const body = (await response.json()) as { error?: Record<string, unknown> };
        if (expected === 200) continue;
        assert.equal(response.headers.get('x-should-retry'), 'false');
        assert.equal(response.headers.get('retry-after'), null);
        assert.equal(body.error?.['code'], 'budget_exceeded');
        assert.match(String(body.error?.['message']), /budget of this run, 2 calls, is used up.*Do not retry/);
      }
      assert.equal(upstream.seen.length, 2);
      const refused = await run.wait('budget_refused', 2);
      assert.deepEqual(refused[0]?.metadata, { scope: 'run', limit: 'max_calls', used: 2, max: 2 });
      assert.equal(refused[0]?.level, 'warn');
      assert.equal(run.lines('llm_call_start').length, 2);
      assert.equal(endpoint.budgetExceeded.aborted, true);
      const reason = endpoint.budgetExceeded.reason as BudgetRefusal;
      assert.deepEqual([reason.limit, reason.used, reason.max], ['max_calls', 2, 2]);
    },
    { budgets: [budget] },
  );
});

test('a budget refusal has the error format of each wire', async () => {
  const budget = createBudget({ scope: 'experiment', limits: { max_calls: 1 } });
  budget.begin();
  await withMeteredAttempt(
    (response) => sendCompletion(response),
    async ({ endpoint }) => {
      const post = async (path: string): Promise<Record<string, Record<string, unknown>>> => {
        const response = await fetch(endpoint.rootUrl + path, { method: 'POST', body: JSON.stringify(CHAT_REQUEST) });
        assert.equal(response.status, 429);
        return (await response.json()) as Record<string, Record<string, unknown>>;
      };
      assert.equal((await post('/v1/responses'))['error']?.['code'], 'budget_exceeded');
      const anthropic = await post('/v1/messages');
      assert.equal(anthropic['type'], 'error');
      assert.match(String(anthropic['error']?.['message']), /experiment/);
      assert.equal((await post('/v1beta/models/m:generateContent'))['error']?.['status'], 'RESOURCE_EXHAUSTED');
    },
    { budgets: [budget] },
  );
});

test('the token budget counts input and output together, and nothing for a failed call', async () => {
  const budget = createBudget({ scope: 'run', limits: { max_tokens: 150 } });
  await withMeteredAttempt(
    (response, seen) => {
      if (JSON.parse(seen.body.toString()).fail === true) response.writeHead(500).end('{}');
      else sendCompletion(response, USED);
    },
    async ({ run, endpoint }) => {
      for (const [index, body] of [CHAT_REQUEST, { ...CHAT_REQUEST, fail: true }, CHAT_REQUEST].entries()) {
        await (await postChatCompletion(endpoint, body)).text();
        await run.wait('llm_call', index + 1);
      }
      assert.equal((await postChatCompletion(endpoint, CHAT_REQUEST)).status, 429);
      assert.deepEqual((await run.wait('budget_refused', 1))[0]?.metadata, {
        scope: 'run',
        limit: 'max_tokens',
        used: 200,
        max: 150,
      });
    },
    { budgets: [budget] },
  );
});

test('the cost budget adds up known costs and refuses every call after one of unknown cost', async () => {
  const budget = createBudget({ scope: 'run', limits: { max_cost_usd: 1 } });
  const prices = await loadPrices({ overrides: { known: { input_price: 1, output_price: 1 } }, baseUrl: null });
  await withMeteredAttempt(
    (response, seen) => {
      const { model } = JSON.parse(seen.body.toString());
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ model, choices: [], usage: USED }));
    },
    async ({ run, endpoint }) => {
      for (const [index, model] of ['known', 'known', 'strange'].entries()) {
        assert.equal((await postChatCompletion(endpoint, { ...CHAT_REQUEST, model })).status, 200);
        await run.wait('llm_call', index + 1);
      }
      assert.equal((await postChatCompletion(endpoint, { ...CHAT_REQUEST, model: 'known' })).status, 429);
      const [refused] = await run.wait('budget_refused', 1);
      assert.deepEqual(refused?.metadata, { scope: 'run', limit: 'max_cost_usd', used: null, max: 1 });
      assert.match(refused?.message ?? '', /cost of a call is unknown/);
    },
    { budgets: [budget], prices },
  );
});

test('a cost budget is ignored when nothing is charged', async () => {
  await withMeteredAttempt(
    (response) => sendCompletion(response, USED),
    async ({ run, endpoint }) => {
      for (const count of [1, 2]) {
        assert.equal((await postChatCompletion(endpoint, { ...CHAT_REQUEST, model: 'strange' })).status, 200);
        await run.wait('llm_call', count);
      }
    },
    { budgets: [createBudget({ scope: 'run', limits: { max_cost_usd: 0.01 } })], prices: unpriced('a rehearsal'), priced: false },
  );
});

test('a budget uses the estimate when the provider reports no usage', async () => {
  const budget = createBudget({ scope: 'run', limits: { max_tokens: 5 } });
  await withMeteredAttempt(
    (response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.write(streamEvents(true).shown.join(''), () => response.destroy());
    },
    async ({ run, endpoint }) => {
      await assert.rejects(async () => (await postChatCompletion(endpoint, STREAMED_CHAT_REQUEST)).text());
      const [call] = await run.wait('llm_call', 1);
      assert.equal((await postChatCompletion(endpoint, CHAT_REQUEST)).status, 429);
      const { input_tokens, output_tokens } = call?.metadata.estimate ?? assert.fail();
      const [refused] = await run.wait('budget_refused', 1);
      assert.equal(refused?.metadata.used, (input_tokens ?? 0) + (output_tokens ?? 0));
    },
    { budgets: [budget] },
  );
});

test('a stream truncated before its first word is charged for the input that it reported', async () => {
  const budget = createBudget({ scope: 'run', limits: { max_tokens: 100 } });
  const start = { type: 'message_start', message: { model: 'c', usage: { input_tokens: 60, output_tokens: 1 } } };
  await withMeteredAttempt(
    (response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.write(`event: message_start\ndata: ${JSON.stringify(start)}\n\n`, () => response.destroy());
    },
    async ({ run, endpoint }) => {
      const send = async (): Promise<Response> =>
        await fetch(`${endpoint.rootUrl}/v1/messages`, { method: 'POST', body: JSON.stringify(STREAMED_CHAT_REQUEST) });
      for (const count of [1, 2]) {
        await assert.rejects(async () => (await send()).text());
        const call = (await run.wait('llm_call', count))[count - 1]?.metadata;
        assert.deepEqual([call?.['gen_ai.usage.input_tokens'], call?.['gen_ai.usage.output_tokens']], [60, null]);
      }
      assert.equal((await send()).status, 429);
      assert.equal((await run.wait('budget_refused', 1))[0]?.metadata.used, 120);
    },
    { budgets: [budget] },
  );
});

test('lookups and unmetered paths are not charged to a budget', async () => {
  await withMeteredAttempt(
    (response) => void response.end('{}'),
    async ({ run, endpoint }) => {
      for (const path of ['/models', '/models', '/files']) assert.equal((await fetch(endpoint.baseUrl + path)).status, 200);
      assert.equal((await run.wait('llm_lookup', 2))[0]?.metadata.wire, 'openai.models');
      assert.equal((await postChatCompletion(endpoint, CHAT_REQUEST)).status, 200);
      assert.equal((await postChatCompletion(endpoint, CHAT_REQUEST)).status, 429);
    },
    { budgets: [createBudget({ scope: 'run', limits: { max_calls: 1 } })] },
  );
});

test('a budget shared by concurrent runs is enforced to the exact call, as is each run’s own', async () => {
  await using upstream = await startUpstreamStub((response) => void setImmediate(() => sendCompletion(response, USED)));
  await using meter = await startMeter();
  const shared = createBudget({ scope: 'experiment', limits: { max_calls: 25 } });
  const one = async (n: number): Promise<number[]> => {
    const statuses: number[] = [];
    await withLedgerRun(
      async () => {
        const own = createBudget({ scope: 'run', limits: { max_calls: 10 } });
        const runMeter = openRunWithoutKeyOrPrices(meter, `${upstream.origin}/v1`, { runId: `run-${n}`, budgets: [own, shared] });
        await withStep(1, { attempt: 1 }, async () => {
          const endpoint = runMeter.openAttempt({ step: 1, attempt: 1 });
          const asked = Array.from({ length: 15 }, async () => (await postChatCompletion(endpoint, CHAT_REQUEST)).status);
          statuses.push(...(await Promise.all(asked)));
          await endpoint.close();
          assert.equal(endpoint.budgetExceeded.aborted, true);
        });
      },
      undefined,
      `run-${n}`,
    );
    return statuses;
  };
  const statuses = await Promise.all([1, 2, 3, 4].map(one));
  const sent = statuses.map((of) => of.filter((status) => status === 200).length);
  assert.equal(
    sent.reduce((a, b) => a + b),
    25,
  );
  assert.ok(sent.every((count) => count <= 10));
  assert.equal(upstream.seen.length, 25);
});

test('a refused call to the run’s URL aborts the signals of the run and of its attempt', async () => {
  await withLedgerRun(async (run) => {
    await using upstream = await startUpstreamStub((response) => sendCompletion(response));
    await using meter = await startMeter();
    const budgets = [createBudget({ scope: 'run', limits: { max_calls: 1 } })];
    const runMeter = openRunWithoutKeyOrPrices(meter, `${upstream.origin}/v1`, { budgets });
    const ofRun = runMeter.openRun();
    await (await postChatCompletion(ofRun, CHAT_REQUEST)).text();
    await withStep(1, { attempt: 1 }, async () => {
      const endpoint = runMeter.openAttempt({ step: 1, attempt: 1 });
      assert.equal((await postChatCompletion(ofRun, CHAT_REQUEST)).status, 429);
      assert.ok(endpoint.budgetExceeded.aborted && ofRun.budgetExceeded.aborted);
      assert.equal((await run.wait('budget_refused', 1))[0]?.attempt, 1);
    });
  });
});

test('property: sequential calls exceed a limit by at most one call, and a refused call is counted nowhere', () => {
  const limits = fc.record(
    {
      max_calls: fc.integer({ min: 1, max: 20 }),
      max_tokens: fc.integer({ min: 1, max: 2000 }),
      max_cost_usd: fc.integer({ min: 1, max: 2000 }).map((n) => n / 1e6),
    },
    { requiredKeys: [] },
  );
  const spent = fc.record({ tokens: fc.nat(300), nanoUsd: fc.nat(300_000) });
  fc.assert(
    fc.property(limits, limits, fc.array(spent, { maxLength: 40 }), (first, second, calls) => {
      const budgets = [createBudget({ scope: 'run', limits: first }), createBudget({ scope: 'experiment', limits: second })];
      const sum = { calls: 0, tokens: 0, nanoUsd: 0 };
      for (const call of calls) {
        const refusal = admit(budgets);
        const used = { max_calls: sum.calls, max_tokens: sum.tokens, max_cost_usd: sum.nanoUsd / 1e9 };
        const full = [first, second].some((of) =>
          (['max_calls', 'max_tokens', 'max_cost_usd'] as const).some((limit) => used[limit] >= (of[limit] ?? Infinity)),
        );
        assert.equal(refusal !== null, full);
        if (refusal !== null) {
          assert.equal(refusal.used, used[refusal.limit]);
          continue;
        }
        for (const budget of budgets) budget.end(call);
        sum.calls += 1;
        sum.tokens += call.tokens;
        sum.nanoUsd += call.nanoUsd;
      }
    }),
  );
});
