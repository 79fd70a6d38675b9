/** A framework that works in phases and breaks on a response field: what it gets, what is recorded, and the same once more in a replay. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Adapter } from '../../../src/run/index.ts';
import { RunMetrics } from '../../../src/schema/index.ts';
import { startUpstreamStub, USAGE } from '../../meter/upstream-stub.ts';
import { differences, recordsOf, createShellExperiment } from '../shell-experiment.ts';

function phasedAdapter(seen: string[]): Adapter {
  return {
    omitFromMessages: ['refusal'],
    check: () => Promise.resolve([]),
    prepare: () => Promise.resolve({ commit: 'abc' }),
    async runStep({ endpoint, phaseEndpoint, workspace, model, step, log }) {
      const ask = async (url: string | undefined, content: string): Promise<void> => {
        const body = JSON.stringify({ model, messages: [{ role: 'user', content }] });
        seen.push(await (await fetch(`${url}/chat/completions`, { method: 'POST', body })).text());
      };
      await ask(endpoint?.baseUrl, `before phases of step ${step}`);
      for (const phase of ['plan', 'implement']) {
        await ask(phaseEndpoint(phase)?.baseUrl, `${phase} of step ${step}`);
        log.info('', { event: 'framework_phase', metadata: { phase, status: 'completed', duration_seconds: 1.5 } });
      }
      await writeFile(join(workspace, `${step}.txt`), 'x');
      return { status: 'success' };
    },
  };
}

const MESSAGE = '"role":"assistant",';
const SENT = `{"model":"gpt-test","choices":[{"index":0,"message":{${MESSAGE}"refusal":null,"content":"done"},"finish_reason":"stop"}],"usage":${JSON.stringify(USAGE)}}`;

test('phases in metrics.json add up to the totals, and a replay gives the same figures', { timeout: 60_000 }, async () => {
  await using stack = new AsyncDisposableStack();
  const upstream = stack.use(
    await startUpstreamStub((response) => void response.setHeader('content-type', 'application/json').end(SENT)),
  );
  const settings = { frameworks: { tool: { adapter: 'phased' } }, model: 'gpt-test', steps: 2 };
  const experiment = stack.use(await createShellExperiment({}, { ...settings, endpoint: { base_url: `${upstream.origin}/v1` } }));
  const [seen, replayed]: [string[], string[]] = [[], []];
  const [run] = await experiment.run({ adapters: { phased: phasedAdapter(seen) }, record: true });
  const [again] = await experiment.run({ adapters: { phased: phasedAdapter(replayed) }, replay: run?.runId ?? '' });
  assert.deepEqual([run?.status, again?.status], ['success', 'success']);
  assert.deepEqual(
    seen,
    Array.from({ length: 6 }, () => SENT.replace('"refusal":null,', '')),
  );
  assert.deepEqual(replayed, seen);
  assert.equal(upstream.seen.length, 6, 'nothing was asked for the replay');
  assert.match(
    await readFile(join(run?.runDir ?? '', 'cassette.jsonl'), 'utf8'),
    /refusal/,
    'the cassette has what the provider sent',
  );

  for (const one of [run, again]) {
    const runDir = one?.runDir ?? '';
    const records = await recordsOf(runDir);
    const changed = records.filter(({ event }) => event === 'answers_changed');
    assert.deepEqual(
      changed.map(({ step, metadata }) => [step, metadata]),
      [[null, { omitted: ['refusal'] }]],
    );
    const metrics = RunMetrics.parse(JSON.parse(await readFile(join(runDir, 'metrics.json'), 'utf8')));
    for (const { phases, usage_outside_phases: outside, attempts, tokens_in } of metrics.steps) {
      assert.deepEqual(
        phases.map(({ phase, status, duration_seconds, api_calls, tokens_in: input }) => [
          phase,
          status,
          duration_seconds,
          api_calls,
          input,
        ]),
        [
          ['plan', 'completed', 1.5, 1, 100],
          ['implement', 'completed', 1.5, 1, 100],
        ],
      );
      assert.deepEqual([outside?.api_calls, outside?.tokens_in, tokens_in], [1, 100, 300]);
      assert.deepEqual(attempts[0]?.phases, phases);
    }
    assert.match(
      await readFile(join(runDir, 'logs_summary.txt'), 'utf8'),
      /^ {2}- Phase plan: completed, 1\.5s, 1 call, tokens 100 \/ 20 \/ 120$/m,
    );
    assert.deepEqual(await differences(runDir), []);
  }
});

test('phases have no endpoint when the run has none', async () => {
  let given: unknown;
  const adapter: Adapter = {
    check: () => Promise.resolve([]),
    prepare: () => Promise.resolve({ commit: 'abc' }),
    runStep({ phaseEndpoint }) {
      given = phaseEndpoint('plan');
      return Promise.resolve({ status: 'success' });
    },
  };
  await using experiment = await createShellExperiment(
    {},
    { frameworks: { tool: { adapter: 'alone' } }, model: 'gpt-test', validation: { artifacts: 'none' } },
  );
  const [run] = await experiment.run({ adapters: { alone: adapter } });
  assert.deepEqual([run?.status, given], ['success', null]);
});
