/** A budget that is used up ends its step: the framework's processes with it, and no attempt follows. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { StepwellError } from '../../../src/errors/index.ts';
import { planExperiment } from '../../../src/experiment/index.ts';
import type { Adapter } from '../../../src/run/index.ts';
import type { LogRecord } from '../../../src/schema/index.ts';
import { sendCompletion, startUpstreamStub, type UpstreamStub } from '../../meter/upstream-stub.ts';
import {
  differences,
  metadataOf,
  recordsOf,
  createShellExperiment,
  survivorsOf,
  type ShellExperiment,
} from '../shell-experiment.ts';

const CALLER = fileURLToPath(new URL('../model-calling-framework.ts', import.meta.url));

function modelCaller(...args: string[]): { adapter: string; command: string[] } {
  return { adapter: 'command', command: [process.execPath, CALLER, ...args] };
}

async function startProvider(): Promise<UpstreamStub> {
  return await startUpstreamStub((response) => sendCompletion(response));
}

async function createMeteredExperiment(upstream: UpstreamStub, settings: Record<string, unknown>): Promise<ShellExperiment> {
  return await createShellExperiment({}, { model: 'gpt-test', endpoint: { base_url: `${upstream.origin}/v1` }, ...settings });
}

function ends(records: readonly LogRecord[], event: 'attempt_end' | 'step_end'): LogRecord[] {
  return records.filter((record) => record.event === event);
}

test('reaching a budget ends the framework, prevents retries and is the reason of the step', { timeout: 60_000 }, async () => {
  await using upstream = await startProvider();
  await using experiment = await createMeteredExperiment(upstream, {
    frameworks: { tool: modelCaller('9', 'wait') },
    budgets: { run: { max_calls: 3 } },
    retries: { max_retries: 5, initial_backoff_seconds: 0 },
    steps: 2,
  });
  const [run] = await experiment.run();
  assert.equal(run?.status, 'failed');
  assert.equal(upstream.seen.length, 3, 'the fourth call was not sent');
  const records = await recordsOf(run.runDir);
  const attempts = ends(records, 'attempt_end');
  assert.equal(attempts.length, 1);
  assert.deepEqual([attempts[0]?.metadata['status'], attempts[0]?.metadata['reason']], ['failed', 'budget_exceeded']);
  assert.equal(attempts[0]?.metadata['claim'], null, 'it was ended before it could say anything');
  assert.match(attempts[0]?.message ?? '', /Attempt 1 failed: the budget of this run, 3 calls, is used up$/);
  assert.equal(records.filter(({ event }) => event === 'budget_refused').length, 1);
  assert.equal(ends(records, 'step_end').length, 1, 'the run stops with the step');
  const metadata = await metadataOf(run.runDir);
  assert.deepEqual([metadata.status, metadata.failing_step, metadata.error?.code], ['failed', 1, 'budget_exceeded']);
  assert.match(metadata.error?.message ?? '', /step 1 \(step-1\): the budget of this run/);
  assert.deepEqual(await survivorsOf(run.runId), []);
  assert.deepEqual(await differences(run.runDir), []);
});

test('a framework that ignores a budget refusal and claims success still fails with budget_exceeded', async () => {
  await using upstream = await startProvider();
  await using experiment = await createMeteredExperiment(upstream, {
    frameworks: { tool: modelCaller('2') },
    budgets: { run: { max_calls: 1 } },
    timeouts: { step_timeout_seconds: 60, shutdown_grace_seconds: 5 },
  });
  const [run] = await experiment.run();
  const [end] = ends(await recordsOf(run?.runDir ?? ''), 'attempt_end');
  assert.deepEqual([run?.status, end?.metadata['reason']], ['failed', 'budget_exceeded']);
});

test('a claim that an adapter returns before the refusal is noticed is kept', async () => {
  await using upstream = await startProvider();
  const adapter: Adapter = {
    check: () => Promise.resolve([]),
    prepare: () => Promise.resolve({ commit: 'abc' }),
    runStep: async ({ endpoint, workspace, model }) => {
      await writeFile(join(workspace, 'file'), 'x');
      const ask = async (): Promise<Response> =>
        await fetch(`${endpoint?.baseUrl}/chat/completions`, { method: 'POST', body: JSON.stringify({ model, messages: [] }) });
      await ask();
      // Not awaited: the refusal comes when the framework has already said that all is well.
      void ask().catch(() => {});
      return { status: 'success' };
    },
  };
  await using experiment = await createMeteredExperiment(upstream, {
    frameworks: { tool: { adapter: 'mine' } },
    budgets: { run: { max_calls: 1 } },
  });
  const [run] = await experiment.run({ adapters: { mine: adapter } });
  const [end] = ends(await recordsOf(run?.runDir ?? ''), 'attempt_end');
  assert.deepEqual([end?.metadata['reason'], end?.metadata['claim']], ['budget_exceeded', 'success']);
});

test('with on_step_failure continue, later steps run after a budget is used up', async () => {
  await using upstream = await startProvider();
  const script = `if [ "$STEPWELL_STEP" = 2 ]; then echo done > two; else exec ${process.execPath} ${CALLER} 3; fi`;
  await using experiment = await createMeteredExperiment(upstream, {
    frameworks: { tool: { adapter: 'command', command: ['sh', '-c', script] } },
    budgets: { run: { max_calls: 2 } },
    on_step_failure: 'continue',
    steps: 3,
  });
  const [run] = await experiment.run();
  const records = await recordsOf(run?.runDir ?? '');
  assert.deepEqual(
    ends(records, 'step_end').map(({ metadata }) => metadata['status']),
    ['failed', 'success', 'failed'],
  );
  assert.deepEqual(
    ends(records, 'attempt_end').map(({ metadata }) => metadata['reason']),
    ['budget_exceeded', null, 'budget_exceeded'],
  );
  assert.equal(upstream.seen.length, 2);
});

test('tokens and cost can be limited as well as calls', async () => {
  await using upstream = await startProvider();
  // Each answer states 100 tokens in, 40 of them cached, and 20 out.
  const limits = [
    [{ max_tokens: 241 }, 3, /241 tokens/],
    [{ max_cost_usd: 0.0002 }, 2, /0\.0002 US dollars/],
  ] as const;
  for (const [budget, calls, says] of limits) {
    await using experiment = await createMeteredExperiment(upstream, {
      frameworks: { tool: modelCaller('5') },
      budgets: { run: budget },
      pricing: { models: { 'gpt-test': { input_price: 1, output_price: 1 } } },
    });
    upstream.seen.length = 0;
    const [run] = await experiment.run();
    const [end] = ends(await recordsOf(run?.runDir ?? ''), 'attempt_end');
    assert.match(end?.message ?? '', says);
    assert.equal(upstream.seen.length, calls);
  }
});

test('concurrent runs share the budget of their experiment', async () => {
  await using upstream = await startProvider();
  await using experiment = await createMeteredExperiment(upstream, {
    frameworks: { one: modelCaller('4', 'wait'), two: modelCaller('4', 'wait') },
    budgets: { experiment: { max_calls: 5 } },
  });
  const runs = await experiment.run({ jobs: 2 });
  assert.equal(upstream.seen.length, 5);
  const failed = runs.filter(({ status }) => status === 'failed');
  assert.ok(failed.length >= 1);
  for (const { runDir } of failed) {
    const records = await recordsOf(runDir);
    assert.equal(ends(records, 'attempt_end')[0]?.metadata['reason'], 'budget_exceeded');
    assert.equal(records.find(({ event }) => event === 'budget_refused')?.metadata['scope'], 'experiment');
  }
  const calls = await Promise.all(
    runs.map(async ({ runDir }) => (await recordsOf(runDir)).filter(({ event }) => event === 'llm_call').length),
  );
  assert.equal(calls[0]! + calls[1]!, 5);
});

test('a cost limit requires a known model price before the start, except in a rehearsal', async () => {
  await using upstream = await startProvider();
  await using experiment = await createMeteredExperiment(upstream, {
    frameworks: { tool: modelCaller('1') },
    budgets: { experiment: { max_cost_usd: 1 } },
  });
  const options = { config: experiment.config, runsDir: experiment.runsDir, frameworks: ['all'] };
  const [finding, ...others] = (await planExperiment(options)).findings;
  assert.deepEqual(others, []);
  assert.match(finding?.what ?? '', /^tool: budgets\.experiment\.max_cost_usd.*"gpt-test" at http:\/\/127/);
  assert.match(finding?.fix ?? '', /pricing: \{ models: \{ "gpt-test":/);
  await assert.rejects(experiment.run(), (error) => error instanceof StepwellError && error.code === 'CHECKS_FAILED');
  const [run] = await experiment.run({ rehearse: true });
  const records = await recordsOf(run?.runDir ?? '');
  assert.match(records.find(({ event }) => event === 'config_warning')?.message ?? '', /max_cost_usd has no effect here/);
  assert.equal(records.find(({ event }) => event === 'prices_loaded')?.metadata['source'], null);
  assert.equal(
    records.some(({ event }) => event === 'budget_refused'),
    false,
  );
});

test('a budget refusal during the preparation fails the preparation', async () => {
  await using upstream = await startProvider();
  const adapter: Adapter = {
    check: () => Promise.resolve([]),
    prepare: async ({ endpoint, model, signal }) => {
      for (;;) {
        const body = JSON.stringify({ model, messages: [] });
        await fetch(`${endpoint?.baseUrl}/chat/completions`, { method: 'POST', body, signal });
      }
    },
    runStep: () => Promise.resolve({ status: 'success' }),
  };
  await using experiment = await createMeteredExperiment(upstream, {
    frameworks: { tool: { adapter: 'mine' } },
    budgets: { run: { max_calls: 2 } },
  });
  const [run] = await experiment.run({ adapters: { mine: adapter } });
  const metadata = await metadataOf(run?.runDir ?? '');
  assert.deepEqual([metadata.status, metadata.failing_phase, metadata.error?.code], ['failed', 'prepare', 'budget_exceeded']);
  const calls = (await recordsOf(run?.runDir ?? '')).filter(({ event }) => event === 'llm_call');
  assert.deepEqual(
    calls.map(({ step, metadata: facts }) => [step, facts['attribution']]),
    [
      [null, 'run'],
      [null, 'run'],
    ],
  );
});
