/** A framework’s own model is the model of its runs wherever one stands. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compareRuns, listRuns } from '../../../src/catalog/index.ts';
import { planExperiment } from '../../../src/experiment/index.ts';
import { sendCompletion, startUpstreamStub } from '../../meter/upstream-stub.ts';
import { differences, metadataOf, recordsOf, createShellExperiment } from '../shell-experiment.ts';

const CALLER = fileURLToPath(new URL('../model-calling-framework.ts', import.meta.url));
const tool = { adapter: 'command', command: [process.execPath, CALLER] };
const FRAMEWORKS = { own: { ...tool, model: 'model-b' }, common: tool, scripted: { ...tool, model: 'rehearsal' } };
const PRICES = {
  'model-a': { input_price: 1, output_price: 1 },
  'model-b': { input_price: 10, output_price: 10 },
};

test(
  'the model of each framework is used for its requests, records, prices, comparisons and replays',
  { timeout: 90_000 },
  async () => {
    await using stack = new AsyncDisposableStack();
    const upstream = stack.use(await startUpstreamStub((response) => sendCompletion(response)));
    const experiment = stack.use(
      await createShellExperiment(
        {},
        {
          frameworks: FRAMEWORKS,
          model: 'model-a',
          endpoint: { base_url: `${upstream.origin}/v1` },
          pricing: { models: PRICES },
        },
      ),
    );
    const runs = await experiment.run({ record: true });
    const asked = upstream.seen.map(({ body }) => (JSON.parse(body.toString()) as { model: string }).model);
    assert.deepEqual(asked, ['model-b', 'model-a']);
    const wanted = {
      own: ['model-b', false, 1_200_000],
      common: ['model-a', false, 120_000],
      scripted: ['rehearsal', true, null],
    };
    for (const { framework, model, rehearsal, runDir, status } of runs) {
      assert.equal(status, 'success');
      const metadata = await metadataOf(runDir);
      const metrics = JSON.parse(await readFile(join(runDir, 'metrics.json'), 'utf8'));
      const records = await recordsOf(runDir);
      const start = records.find(({ event }) => event === 'run_start')?.metadata;
      const call = records.find(({ event }) => event === 'llm_call')?.metadata;
      const [name, scripted, cost] = wanted[framework as keyof typeof wanted];
      assert.deepEqual(
        [model, metadata.model, metrics.model, start?.['model'], call?.['gen_ai.request.model']],
        Array(5).fill(name),
      );
      assert.deepEqual([rehearsal, metadata.rehearsal, start?.['rehearsal']], Array(3).fill(scripted));
      assert.equal(call?.['cost_nano_usd'], cost);
      assert.deepEqual(await differences(runDir), []);
    }
    const { runs: listed } = await listRuns(experiment.runsDir);
    assert.deepEqual(
      (await compareRuns(listed)).map(({ framework, model, kind }) => [framework, model, kind]),
      [
        ['common', 'model-a', 'real'],
        ['own', 'model-b', 'real'],
        ['scripted', 'rehearsal', 'rehearsal'],
      ],
    );

    const [replay] = await experiment.run({ frameworks: ['own'], replay: runs[0]?.runId ?? '' });
    assert.deepEqual([replay?.status, replay?.model, upstream.seen.length], ['success', 'model-b', 2]);
  },
);

test('preflight and plan use the model of each framework, and --model applies to all', async () => {
  await using experiment = await createShellExperiment(
    {},
    {
      frameworks: FRAMEWORKS,
      model: 'model-a',
      endpoint: { base_url: 'http://127.0.0.1:9/v1' },
      pricing: { models: { 'model-a': PRICES['model-a'] } },
      budgets: { run: { max_cost_usd: 1 } },
    },
  );
  const options = { config: experiment.config, runsDir: experiment.runsDir, frameworks: ['all'] };
  const plan = await planExperiment(options);
  assert.deepEqual(
    plan.runs.map(({ framework, model, rehearsal }) => [framework, model, rehearsal]),
    [
      ['own', 'model-b', false],
      ['common', 'model-a', false],
      ['scripted', 'rehearsal', true],
    ],
  );
  assert.equal(plan.findings.length, 1);
  assert.match(plan.findings[0]?.what ?? '', /^own: .*the price of the model "model-b" .* is unknown/);
  const imposed = await planExperiment({ ...options, model: 'model-a' });
  assert.deepEqual([imposed.runs.map(({ model }) => model), imposed.findings], [['model-a', 'model-a', 'model-a'], []]);
});
