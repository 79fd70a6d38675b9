import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withStep } from '../../../src/log/index.ts';
import { startMeter, type Meter, type MeteredEndpoint } from '../../../src/meter/index.ts';
import { withLedgerRun } from '../ledger-run.ts';
import { postChatCompletion, openRunWithoutKeyOrPrices, STREAMED_CHAT_REQUEST, CHAT_REQUEST } from '../metered-attempt.ts';
import { sendCompletion, startUpstreamStub, type StubHandler } from '../upstream-stub.ts';

interface Call {
  readonly input: number;
  readonly output: number;
  readonly stream: boolean;
  /** Pieces that a stream is cut into, wherever the borders fall. */
  readonly pieces: number;
  readonly fails: boolean;
  readonly toRun: boolean;
}

interface RunPlan {
  readonly steps: readonly (readonly Call[])[];
}

/** Answers with the usage that the request itself names. */
const answer: StubHandler = async (response, seen) => {
  const { input, output, pieces, fails, stream = false } = JSON.parse(seen.body.toString());
  const usage = { prompt_tokens: input, completion_tokens: output };
  if (fails) {
    response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}');
  } else if (stream) {
    response.setHeader('content-type', 'text/event-stream');
    const chunk = { model: 'm', choices: [{ index: 0, delta: { content: 'Grüße 🎓' }, finish_reason: 'stop' }] };
    const events = [chunk, { model: 'm', choices: [], usage }].map((event) => `data: ${JSON.stringify(event)}\n\n`);
    const bytes = Buffer.from(`${events.join('')}data: [DONE]\n\n`);
    const size = Math.ceil(bytes.length / pieces);
    for (let at = 0; at < bytes.length; at += size) {
      response.write(bytes.subarray(at, at + size));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  } else {
    sendCompletion(response, usage);
  }
};

async function makeCall(endpoint: MeteredEndpoint, call: Call): Promise<void> {
  const response = await postChatCompletion(endpoint, { ...(call.stream ? STREAMED_CHAT_REQUEST : CHAT_REQUEST), ...call });
  const text = await response.text();
  assert.equal(response.status, call.fails ? 500 : 200);
  if (call.stream && !call.fails) assert.ok(!text.includes('_tokens') && text.endsWith('data: [DONE]\n\n'));
}

/** One run with its steps one after another and the calls of each step at once; its ledger is compared with its plan. */
async function playRun(meter: Meter, baseUrl: string, runId: string, plan: RunPlan): Promise<void> {
  await withLedgerRun(
    async (run) => {
      const runMeter = openRunWithoutKeyOrPrices(meter, baseUrl, { runId });
      const ofRun = runMeter.openRun();
      for (const [index, calls] of plan.steps.entries()) {
        const step = index + 1;
        await withStep(step, { attempt: 1 }, async () => {
          const endpoint = runMeter.openAttempt({ step, attempt: 1 });
          await Promise.all(calls.map((call) => makeCall(call.toRun ? ofRun : endpoint, call)));
          await endpoint.close();
        });
        const lines = run.lines('llm_call', step);
        const figures = (input: number | null, output: number | null, ok: boolean, attribution: string): string =>
          JSON.stringify([input, output, ok, attribution]);
        assert.deepEqual(
          lines
            .map(({ metadata }) =>
              figures(
                metadata['gen_ai.usage.input_tokens'],
                metadata['gen_ai.usage.output_tokens'],
                metadata.outcome === 'ok',
                metadata.attribution,
              ),
            )
            .sort(),
          calls
            .map(({ input, output, fails, toRun }) =>
              figures(fails ? null : input, fails ? null : output, !fails, toRun ? 'current_attempt' : 'url'),
            )
            .sort(),
        );
        assert.equal(new Set(run.lines('llm_call_start', step).map(({ metadata }) => metadata.call_id)).size, calls.length);
      }
      assert.deepEqual(run.lines('llm_call', 0), []);
    },
    undefined,
    runId,
  );
}

const call = fc.record({
  input: fc.nat(1e6),
  output: fc.nat(1e6),
  stream: fc.boolean(),
  pieces: fc.integer({ min: 1, max: 12 }),
  fails: fc.nat(9).map((n) => n === 0),
  toRun: fc.boolean(),
});
const plan = fc.record({ steps: fc.array(fc.array(call, { maxLength: 6 }), { minLength: 1, maxLength: 3 }) });

test('property: with twenty concurrent runs, each ledger has exactly the usage sent to its own steps', async () => {
  await using upstream = await startUpstreamStub(answer);
  await using meter = await startMeter();
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 20, maxLength: 20 }), async (plans) => {
      await Promise.all(plans.map((each, index) => playRun(meter, `${upstream.origin}/v1`, `run-${index}`, each)));
    }),
    { numRuns: 4, endOnFailure: true },
  );
});
