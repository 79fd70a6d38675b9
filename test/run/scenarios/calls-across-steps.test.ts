/** A framework that lives across steps: its calls belong to the attempt that is going on, and the record says how that was told. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Adapter, AdapterEndpoint } from '../../../src/run/index.ts';
import { sendCompletion, startUpstreamStub } from '../../meter/upstream-stub.ts';
import { differences, recordsOf, createShellExperiment, survivorsOf } from '../shell-experiment.ts';

const RESIDENT = fileURLToPath(new URL('../long-running-framework.ts', import.meta.url));

/** Starts one process in `prepare` and sends it the steps. */
function longRunningAdapter(seen: { run?: AdapterEndpoint | null; step?: AdapterEndpoint | null }): Adapter {
  let child: ChildProcess | null = null;
  let port = '';
  return {
    check: () => Promise.resolve([]),
    async prepare({ endpoint, env, workspace, model }) {
      seen.run = endpoint;
      const variables = { OPENAI_BASE_URL: endpoint?.baseUrl, OPENAI_API_KEY: endpoint?.apiKey, STEPWELL_MODEL: model };
      child = spawn(process.execPath, [RESIDENT], {
        cwd: workspace,
        env: { ...env, ...variables },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = (await once(child.stdout!, 'data')) as [Buffer];
      port = line.toString().trim();
      return { commit: 'abc' };
    },
    async runStep({ step, attempt, endpoint, model }) {
      seen.step = endpoint;
      // The adapter asks as well, by the URL of its attempt.
      const body = JSON.stringify({ model, messages: [{ role: 'user', content: `attempt ${attempt}` }] });
      await (await fetch(`${endpoint?.baseUrl}/chat/completions`, { method: 'POST', body })).text();
      const answer = await (await fetch(`http://127.0.0.1:${port}/work?step=${step}`)).text();
      if (step === 2 && attempt === 1) return { status: 'failure', reason: 'framework_failed', message: 'once more' };
      return answer === '200' ? { status: 'success' } : { status: 'failure', reason: 'framework_failed', message: answer };
    },
    async stop() {
      child?.kill();
      if (child?.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

test('calls of a process started in the preparation count for the current attempt', async () => {
  await using upstream = await startUpstreamStub((response) => sendCompletion(response));
  await using experiment = await createShellExperiment(
    {},
    {
      frameworks: { tool: { adapter: 'longRunning' } },
      model: 'gpt-test',
      endpoint: { base_url: `${upstream.origin}/v1` },
      retries: { max_retries: 1, initial_backoff_seconds: 0 },
      steps: 3,
    },
  );
  const seen: Parameters<typeof longRunningAdapter>[0] = {};
  const [run] = await experiment.run({ adapters: { longRunning: longRunningAdapter(seen) } });
  assert.equal(run?.status, 'success');
  const records = await recordsOf(run.runDir);
  const calls = records.filter(({ event }) => event === 'llm_call');
  assert.deepEqual(
    calls.map(({ step, attempt, metadata }) => [step, attempt ?? null, metadata['attribution']]),
    [
      [null, null, 'run'],
      [1, 1, 'url'],
      [1, 1, 'current_attempt'],
      [2, 1, 'url'],
      [2, 1, 'current_attempt'],
      [2, 2, 'url'],
      [2, 2, 'current_attempt'],
      [3, 1, 'url'],
      [3, 1, 'current_attempt'],
    ],
  );
  assert.equal(
    calls.some(({ late }) => late === true),
    false,
  );
  assert.match(seen.run?.baseUrl ?? '', new RegExp(`^http://127\\.0\\.0\\.1:\\d+/[\\w-]+/r/${run.runId}/v1$`));
  assert.equal(`${seen.run?.rootUrl}/v1`, seen.run?.baseUrl);
  assert.match(seen.step?.baseUrl ?? '', new RegExp(`/r/${run.runId}/s/3/a/1/v1$`));
  assert.deepEqual(Object.keys(seen.run ?? {}).sort(), ['apiKey', 'baseUrl', 'rootUrl'], 'no way to the key');
  assert.deepEqual(await survivorsOf(run.runId), []);
  assert.deepEqual(await differences(run.runDir), []);
});

test('a refused call of a process started in the preparation ends the current attempt', { timeout: 60_000 }, async () => {
  await using upstream = await startUpstreamStub((response) => sendCompletion(response));
  await using experiment = await createShellExperiment(
    {},
    {
      frameworks: { tool: { adapter: 'longRunning' } },
      model: 'gpt-test',
      endpoint: { base_url: `${upstream.origin}/v1` },
      budgets: { run: { max_calls: 4 } },
      retries: { max_retries: 3, initial_backoff_seconds: 0 },
      steps: 3,
    },
  );
  const [run] = await experiment.run({ adapters: { longRunning: longRunningAdapter({}) } });
  const records = await recordsOf(run?.runDir ?? '');
  const [refused] = records.filter(({ event }) => event === 'budget_refused');
  assert.deepEqual([refused?.step, refused?.attempt], [2, 1]);
  assert.deepEqual(
    records.filter(({ event }) => event === 'attempt_end').map(({ step, metadata }) => [step, metadata['reason']]),
    [
      [1, null],
      [2, 'budget_exceeded'],
    ],
  );
});

test('a call still in flight when the run ends is recorded before run_end', { timeout: 60_000 }, async () => {
  const arrived = Promise.withResolvers<void>();
  await using upstream = await startUpstreamStub((response) => {
    arrived.resolve();
    setTimeout(sendCompletion, 200, response);
  });
  const adapter: Adapter = {
    check: () => Promise.resolve([]),
    prepare: () => Promise.resolve({ commit: 'abc' }),
    runStep: () => Promise.resolve({ status: 'success' }),
    async stop({ endpoint, model }) {
      const body = JSON.stringify({ model, messages: [] });
      void fetch(`${endpoint?.baseUrl}/chat/completions`, { method: 'POST', body }).catch(() => {});
      await arrived.promise;
    },
  };
  await using experiment = await createShellExperiment(
    {},
    {
      frameworks: { tool: { adapter: 'parting' } },
      model: 'gpt-test',
      endpoint: { base_url: `${upstream.origin}/v1` },
      validation: { artifacts: 'none' },
    },
  );
  const [run] = await experiment.run({ adapters: { parting: adapter } });
  const records = await recordsOf(run?.runDir ?? '');
  const seqOf = (name: string) => records.find(({ event }) => event === name)?.seq ?? NaN;
  assert.ok(seqOf('llm_call') < seqOf('run_end'), `${seqOf('llm_call')} < ${seqOf('run_end')}`);
});
