/** What an adapter may do wrong: throw, never return, ask without an answer, refuse to stop. The run goes on and is recorded. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { adapters } from '../../../src/frameworks/index.ts';
import type { Adapter, AdapterStep, FrameworkClaim } from '../../../src/run/index.ts';
import { differences, metadataOf, recordsOf, createShellExperiment, survivorsOf } from '../shell-experiment.ts';

function adapter(
  runStep: (step: AdapterStep) => Promise<FrameworkClaim>,
  changes: Partial<Adapter> = {},
): Record<string, Adapter> {
  const command: Adapter = {
    check: () => Promise.resolve([]),
    prepare: () => Promise.resolve({ commit: 'abc' }),
    runStep,
    ...changes,
  };
  return { command };
}

async function build(step: AdapterStep): Promise<FrameworkClaim> {
  await writeFile(join(step.workspace, `file${step.step}`), step.prompt);
  return { status: 'success' };
}

test('an adapter that throws fails the attempt with its error and stack', async () => {
  await using experiment = await createShellExperiment({ shell: '' });
  const [run] = await experiment.run({ adapters: adapter(() => Promise.reject(new TypeError('no such thing'))) });
  assert.equal(run?.status, 'failed');
  const end = (await recordsOf(run.runDir)).find(({ event }) => event === 'attempt_end');
  assert.deepEqual([end?.metadata['reason'], end?.metadata['claim'], end?.error?.type], ['internal', null, 'TypeError']);
  assert.match(end?.error?.stack ?? '', /adapter-faults/);
});

test('an adapter that never returns is abandoned at the time limit, and its later records stay in its step', async () => {
  const later: (() => void)[] = [];
  await using experiment = await createShellExperiment(
    { shell: '' },
    { steps: 2, on_step_failure: 'continue', timeouts: { step_timeout_seconds: 0.2, shutdown_grace_seconds: 0 } },
  );
  const [run] = await experiment.run({
    adapters: adapter(async (step) => {
      if (step.step === 2) {
        for (const log of later) log();
        return await build(step);
      }
      return await new Promise<never>((_, reject) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        later.push(resolve);
        promise.then(() => step.log.info('too late')).catch(reject);
      });
    }),
  });
  assert.equal(run?.status, 'timed_out');
  const records = await recordsOf(run.runDir);
  const statuses = records.filter(({ event }) => event === 'step_end').map(({ metadata }) => metadata['status']);
  assert.deepEqual(statuses, ['timed_out', 'success']);
  const late = records.find(({ message }) => message === 'too late');
  assert.deepEqual([late?.step, late?.attempt, late?.late], [1, 1, true]);
  assert.deepEqual(await differences(run.runDir), []);
});

test('an adapter that cannot be stopped makes the run fail in the phase stop', async () => {
  await using experiment = await createShellExperiment({ shell: '' });
  const [run] = await experiment.run({ adapters: adapter(build, { stop: () => Promise.reject(new Error('still busy')) }) });
  assert.equal(run?.status, 'failed');
  assert.equal((await metadataOf(run.runDir)).failing_phase, 'stop');
  assert.deepEqual(await differences(run.runDir), []);
});

test('a clarification gets the configured answer, and both are kept with a SHA-1', async () => {
  await using experiment = await createShellExperiment({ shell: '' }, { hitl_path: 'prompts/1.txt' });
  const [run] = await experiment.run({
    adapters: adapter(async (step) => {
      assert.equal(await step.answerClarification('Which database?'), 'Prompt of step 1.\n');
      return await build(step);
    }),
  });
  assert.equal(run?.status, 'success');
  const [event] = (await readFile(join(run.runDir, 'hitl_events.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(event.query, 'Which database?');
  assert.equal(event.response_sha1, createHash('sha1').update('Prompt of step 1.\n').digest('hex'));
  assert.match(
    await readFile(join(run.runDir, 'logs_summary.txt'), 'utf8'),
    new RegExp(`SHA-1 ${event.response_sha1.slice(0, 10)}`),
  );
  assert.deepEqual(await differences(run.runDir), []);
});

test('a clarification without a configured answer fails the step without a retry', async () => {
  await using experiment = await createShellExperiment(
    { shell: '' },
    { retries: { max_retries: 2, initial_backoff_seconds: 3000 } },
  );
  const [run] = await experiment.run({
    adapters: adapter(async (step) => {
      await step.answerClarification('Which database?');
      return await build(step);
    }),
  });
  assert.equal(run?.status, 'failed');
  const end = (await recordsOf(run.runDir)).find(({ event }) => event === 'attempt_end');
  assert.equal(end?.metadata['reason'], 'framework_failed');
  assert.match(end?.message ?? '', /Which database\?.*no answer is configured/);
});

test('an interruption while the framework is prepared ends the run in the phase prepare', async () => {
  await using experiment = await createShellExperiment({ shell: '' });
  const stop = new AbortController();
  const [run] = await experiment.run({
    signal: stop.signal,
    adapters: adapter(build, {
      prepare: async ({ signal }) => {
        const aborted = Promise.withResolvers<never>();
        signal.addEventListener('abort', () => aborted.reject(new Error('the clone was broken off')));
        stop.abort('SIGINT');
        return await aborted.promise;
      },
    }),
  });
  assert.equal(run?.status, 'interrupted');
  const metadata = await metadataOf(run.runDir);
  assert.deepEqual([metadata.failing_phase, metadata.record], ['prepare', 'complete']);
  assert.equal(
    (await recordsOf(run.runDir)).some(({ event }) => event === 'step_start'),
    false,
  );
  assert.deepEqual(await differences(run.runDir), []);
});

test('a preparation that hangs ends the run as timed out in the phase prepare', async () => {
  await using experiment = await createShellExperiment(
    { shell: '' },
    { timeouts: { step_timeout_seconds: 0.2, shutdown_grace_seconds: 0 } },
  );
  const [run] = await experiment.run({
    adapters: adapter(build, {
      prepare: async ({ signal }) => {
        const aborted = Promise.withResolvers<never>();
        signal.addEventListener('abort', () => aborted.reject(new Error('the clone was broken off')));
        return await aborted.promise;
      },
    }),
  });
  assert.equal(run?.status, 'timed_out');
  const metadata = await metadataOf(run.runDir);
  assert.deepEqual([metadata.failing_phase, metadata.record], ['prepare', 'complete']);
  assert.equal(metadata.error?.message, 'it exceeded the time limit of 0.2 s');
  assert.match(await readFile(join(run.runDir, 'logs_summary.txt'), 'utf8'), /Status: TIMED OUT/i);
  assert.deepEqual(await differences(run.runDir), []);
});

test('an expected failure is recorded without a stack', async () => {
  await using experiment = await createShellExperiment(
    { shell: 'exit 3', asks: '', waits: 'echo x > file; sleep 300' },
    {
      timeouts: { step_timeout_seconds: 1, shutdown_grace_seconds: 0.1 },
    },
  );
  const asks = adapter(async (step) => {
    if (step.framework === 'asks') await step.answerClarification('Which database?');
    return await adapters['command']!.runStep(step);
  });
  const runs = await experiment.run({ adapters: asks, jobs: 3 });
  assert.deepEqual(
    runs.map(({ status }) => status),
    ['failed', 'failed', 'timed_out'],
  );
  for (const { runDir } of runs) {
    const failed = (await recordsOf(runDir)).filter(({ error }) => error !== undefined);
    assert.ok(failed.length >= 2);
    for (const { error } of failed) assert.equal(JSON.stringify(error).includes('"stack"'), false, JSON.stringify(error));
    assert.equal(JSON.stringify((await metadataOf(runDir)).error).includes('"stack"'), false);
  }
});

for (const [what, script] of [
  ['removes', 'rm -rf ../metadata.json ../.stepwell'],
  ['changes', `sed -i 's/"round": 1/"round": 7/; s/"framework_commit": "[^"]*"/"framework_commit": "mine"/' ../metadata.json`],
] as const) {
  test(`a framework that ${what} the files of its run does not keep it from being recorded`, async () => {
    await using experiment = await createShellExperiment({ shell: `${script}; echo x > file$STEPWELL_STEP` }, { steps: 2 });
    const [run] = await experiment.run();
    assert.deepEqual([run?.status, run?.record], ['success', 'complete']);
    assert.equal((await metadataOf(run!.runDir)).round, 1);
    assert.deepEqual(await differences(run!.runDir), []);
  });
}

test('progress events deliver records in order, and sealing follows the last one', async () => {
  await using experiment = await createShellExperiment({ shell: 'echo x > file$STEPWELL_STEP' }, { steps: 3 });
  for (let round = 0; round < 3; round++) {
    const told: string[] = [];
    await experiment.run({
      onProgress: (event) => told.push(event.type === 'record' ? event.record.event : event.type),
    });
    assert.equal(told[0], 'run_started');
    assert.equal(told.at(-1), 'run_finished');
    assert.equal(told[told.indexOf('sealing') - 1], 'run_end');
    assert.ok(told.lastIndexOf('step_end') < told.indexOf('sealing'));
  }
});

test('a progress callback that throws does not fail the run', async () => {
  await using experiment = await createShellExperiment({ shell: 'echo x > file' });
  const warned = Promise.withResolvers<Error>();
  process.once('warning', warned.resolve);
  const [run] = await experiment.run({
    onProgress: () => {
      throw new Error('no terminal');
    },
  });
  assert.equal(run?.status, 'success');
  assert.match((await warned.promise).message, /no terminal/);
});

test(
  'processes that an adapter started for an attempt end with the attempt',
  { skip: process.platform !== 'linux' && 'needs /proc' },
  async () => {
    await using experiment = await createShellExperiment({ shell: '' }, { steps: 2 });
    const pids: number[] = [];
    const [run] = await experiment.run({
      adapters: adapter(async (step) => {
        // By the second step, the first one's is gone.
        if (step.step === 2) assert.deepEqual((await survivorsOf(step.runId)).includes(String(pids[0])), false);
        const child = spawn('sleep', ['300'], { env: step.env, detached: true, stdio: 'ignore' });
        pids.push(child.pid!);
        const beside = { ...step.env, STEPWELL_MARK: `${step.processTag}:other` };
        spawn('sleep', ['300'], { env: beside, detached: true, stdio: 'ignore' });
        return await build(step);
      }),
    });
    assert.equal(run?.status, 'success');
    const ends = (await recordsOf(run.runDir)).filter(({ event }) => event === 'attempt_end');
    assert.deepEqual(
      ends.map(({ metadata }) => metadata['processes_killed']),
      [2, 2],
    );
    assert.deepEqual(await survivorsOf(run.runId), []);
  },
);

test('an interruption during a failing attempt prevents the retry and marks the run interrupted', async () => {
  await using experiment = await createShellExperiment(
    { shell: '' },
    { retries: { max_retries: 2, initial_backoff_seconds: 60 } },
  );
  const stop = new AbortController();
  const [run] = await experiment.run({
    signal: stop.signal,
    adapters: adapter(async (step) => {
      await build(step);
      setImmediate(() => stop.abort());
      return { status: 'failure', reason: 'framework_failed', message: 'it gave up' };
    }),
  });
  assert.equal(run?.status, 'interrupted');
  assert.deepEqual(await differences(run.runDir), []);
});
