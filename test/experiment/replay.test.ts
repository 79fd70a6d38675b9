/** A recorded run answers a repetition: no provider, no key; blocking problems are reported before anything starts. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { StepwellError } from '../../src/errors/index.ts';
import { planExperiment, type ExperimentOptions } from '../../src/experiment/index.ts';
import { acquireLease } from '../../src/store/index.ts';
import { sendCompletion, startUpstreamStub } from '../meter/upstream-stub.ts';
import { differences, metadataOf, recordsOf, createShellExperiment, type ShellExperiment } from '../run/shell-experiment.ts';

const CALLER = fileURLToPath(new URL('../run/model-calling-framework.ts', import.meta.url));
const ENV = { PATH: process.env['PATH'], TEST_KEY: 'a-key-of-this-test' };
const SETTINGS = {
  model: 'gpt-test',
  frameworks: {
    tool: { adapter: 'command', command: [process.execPath, CALLER, '2'] },
    other: { adapter: 'command', command: ['true'], enabled: false },
  },
  steps: 2,
  validation: { artifacts: 'none' },
};

async function errorOf(work: Promise<unknown>): Promise<StepwellError> {
  const error: unknown = await work.then(
    () => assert.fail('it did not fail'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof StepwellError) return error;
  throw error;
}

/** A recorded run, and the same experiment without its provider. */
async function createRecordedRun(changes: Record<string, unknown> = {}) {
  await using stack = new AsyncDisposableStack();
  const upstream = await startUpstreamStub((response) => sendCompletion(response));
  const endpoint = { base_url: `${upstream.origin}/v1`, api_key: '${TEST_KEY}' };
  const experiment: ShellExperiment = stack.use(await createShellExperiment({}, { ...SETTINGS, endpoint, ...changes }));
  const [run] = await experiment.run({ record: true, env: ENV });
  await upstream[Symbol.asyncDispose]();
  assert.equal(run?.status, 'success');
  const owned = stack.move();
  const plan = async (options: Partial<ExperimentOptions>) =>
    await planExperiment({
      config: experiment.config,
      runsDir: experiment.runsDir,
      frameworks: ['all'],
      env: { PATH: ENV.PATH },
      ...options,
    });
  return { experiment, run, plan, [Symbol.asyncDispose]: async () => await owned.disposeAsync() };
}

const tokensOf = async (runDir: string): Promise<unknown[]> =>
  (await recordsOf(runDir))
    .filter(({ event }) => event === 'llm_call')
    .map(({ step, metadata }) => [step, metadata['gen_ai.usage.input_tokens'], metadata['cost_nano_usd']]);

test('a recorded run is replayed without provider, endpoint and key, and the record names the original run', async () => {
  await using past = await createRecordedRun();
  const { experiment, run } = past;
  assert.ok(existsSync(join(run.runDir, 'cassette.jsonl')));
  assert.deepEqual(await differences(run.runDir), [], 'the cassette is in the archive');
  assert.doesNotMatch(await readFile(join(run.runDir, 'cassette.jsonl'), 'utf8'), /a-key-of-this-test/);

  const [again] = await experiment.run({ replay: 'latest', env: { PATH: ENV.PATH } });
  assert.equal(again?.status, 'success');
  assert.equal(again.replayOf, run.runId);
  assert.equal(again.endpoint, null);
  const start = (await recordsOf(again.runDir)).find(({ event }) => event === 'run_start');
  assert.deepEqual(
    ['replay_of', 'model', 'rehearsal', 'usage_api'].map((name) => start?.metadata[name]),
    [run.runId, 'gpt-test', false, null],
  );
  const metadata = await metadataOf(again.runDir);
  assert.deepEqual([metadata.replay_of, (await metadataOf(run.runDir)).replay_of], [run.runId, null]);
  assert.deepEqual(await tokensOf(again.runDir), await tokensOf(run.runDir));
  assert.equal((await tokensOf(again.runDir)).length, 4);
  assert.ok(!existsSync(join(again.runDir, 'cassette.jsonl')));
  const last = (await recordsOf(again.runDir)).filter(({ step }) => step === null).map(({ event }) => event);
  assert.deepEqual(last.slice(last.indexOf('replay_end'), last.indexOf('run_end') + 1), ['replay_end', 'run_end']);
  assert.deepEqual(await differences(again.runDir), []);
});

test('parallel replays each keep their own position', async () => {
  await using past = await createRecordedRun();
  const runs = await past.experiment.run({ replay: past.run.runId.slice(-4), env: { PATH: ENV.PATH }, rounds: 3, jobs: 3 });
  assert.deepEqual(
    runs.map(({ status }) => status),
    ['success', 'success', 'success'],
  );
});

test('a run is replayed from its archive alone', async () => {
  await using past = await createRecordedRun();
  const archive = join(past.experiment.dir, 'run.tar.gz');
  await copyFile(join(past.run.runDir, 'run.tar.gz'), archive);
  await rm(past.run.runDir, { recursive: true });
  const [again] = await past.experiment.run({ replay: archive, env: { PATH: ENV.PATH } });
  assert.deepEqual([again?.status, again?.replayOf], ['success', past.run.runId]);
});

test('a request that was not recorded fails, and budgets apply in a replay as well', async () => {
  await using past = await createRecordedRun({
    budgets: { run: { max_calls: 4, max_cost_usd: 9 } },
    pricing: { models: { 'gpt-test': { input_price: 1, output_price: 1 } } },
  });
  const options = { replay: past.run.runId, env: { PATH: ENV.PATH } };
  const [again] = await past.experiment.run(options);
  assert.equal(again?.status, 'success');
  const text = (await readFile(past.experiment.config, 'utf8')).replace(/max_calls: 4/, 'max_calls: 3');
  await writeFile(past.experiment.config, text);
  const [cut] = await past.experiment.run(options);
  assert.equal((await metadataOf(cut?.runDir ?? '')).error?.code, 'budget_exceeded');
  await writeFile(past.experiment.config, text.replace(/- "2"/, '- "3"').replace(/max_calls: 3/, 'max_calls: 99'));
  const [more] = await past.experiment.run(options);
  assert.match(await readFile(join(more?.runDir ?? '', 'logs/step_001/adapter.log'), 'utf8'), /422 /);
});

test('a replayed rehearsal is still a rehearsal', async () => {
  await using experiment = await createShellExperiment(
    {},
    { model: 'gpt-test', frameworks: { baseline: {} }, validation: { artifacts: 'none' } },
  );
  await writeFile(
    join(experiment.dir, 'prompts', '1.txt'),
    await readFile(new URL('../../config/prompts/01_create_student.txt', import.meta.url)),
  );
  const [run] = await experiment.run({ rehearse: true, record: true });
  assert.equal(run?.status, 'success');
  const [again] = await experiment.run({ replay: 'latest' });
  assert.deepEqual([again?.status, again?.model, again?.rehearsal, again?.replayOf], ['success', 'rehearsal', true, run.runId]);
});

test('the plan names the replayed run and its model and starts nothing', async () => {
  await using past = await createRecordedRun();
  const before = await readdir(join(past.experiment.runsDir, 'tool'));
  const plan = await past.plan({ replay: `tool/${past.run.runId}` });
  assert.deepEqual([plan.replayOf, plan.model, plan.record, plan.findings], [past.run.runId, 'gpt-test', false, []]);
  assert.deepEqual(await readdir(join(past.experiment.runsDir, 'tool')), before);
});

test('an impossible replay is refused before anything starts', async () => {
  await using past = await createRecordedRun();
  const { run, plan, experiment } = past;
  const refused = async (options: Partial<ExperimentOptions>): Promise<[string, string]> => {
    const error = await errorOf(plan(options));
    assert.equal(error.exitCode, 2);
    return [error.code, `${error.message} ${error.fix}`];
  };
  assert.equal((await refused({ replay: 'zzzz' }))[0], 'RUN_NOT_FOUND');
  assert.equal((await refused({ replay: run.runId, record: true }))[0], 'OPTIONS_CONFLICT');
  const [code, text] = await refused({ replay: run.runId, frameworks: ['tool', 'other'] });
  assert.equal(code, 'CASSETTE_OF_ANOTHER_FRAMEWORK');
  assert.match(text, /tool.*other/s);
  assert.match((await refused({ replay: run.runId, model: 'another' }))[1], /^model: it excludes replay/);

  const lease = await acquireLease(run.runDir, { runId: run.runId });
  assert.equal((await refused({ replay: run.runDir }))[0], 'RUN_NOT_SEALED');
  await lease.release();

  await rm(join(run.runDir, 'cassette.jsonl'));
  const [missing, how] = await refused({ replay: run.runId });
  assert.equal(missing, 'CASSETTE_MISSING');
  assert.match(how, /--record/);
  await mkdir(join(run.runDir, 'cassette.jsonl'));
  await assert.rejects(plan({ replay: run.runId }));
  assert.deepEqual(await readdir(join(experiment.runsDir, 'tool')), [run.runId]);
});

test('without --record no request or response is kept', async () => {
  await using upstream = await startUpstreamStub((response) => sendCompletion(response));
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'the-question-to-the-model' }] });
  const call = `fetch(process.env.OPENAI_BASE_URL + "/chat/completions", { method: "POST", body: Buffer.from("${Buffer.from(body).toString('base64')}", "base64") })`;
  const script = `${call}.then((answer) => answer.text()).then((text) => process.exit(text.includes("Gr") ? 0 : 1))`;
  const command = [process.execPath, '-e', script];
  const endpoint = { base_url: `${upstream.origin}/v1`, api_key: '${TEST_KEY}' };
  const frameworks = { tool: { adapter: 'command', command } };
  await using experiment = await createShellExperiment({}, { ...SETTINGS, endpoint, frameworks });
  const keptOf = async (record: boolean): Promise<string[]> => {
    const [run] = await experiment.run({ record, env: ENV });
    assert.equal(run?.status, 'success');
    const entries = await readdir(run.runDir, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    const holding: string[] = [];
    for (const file of files) {
      const bytes = await readFile(file);
      const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
      if (/the-question-to-the-model|Gr\xc3\xbc\xc3\x9fe/.test(text)) holding.push(basename(file));
    }
    return holding.sort();
  };
  assert.deepEqual(await keptOf(false), []);
  assert.deepEqual(await keptOf(true), ['cassette.jsonl', 'run.tar.gz'], 'so they are found where they are');
});

test('--record without an endpoint is a preflight issue', async () => {
  await using experiment = await createShellExperiment({ tool: 'true' }, { model: 'gpt-test' });
  const { findings } = await planExperiment({
    config: experiment.config,
    runsDir: experiment.runsDir,
    frameworks: ['all'],
    record: true,
  });
  assert.match(findings[0]?.what ?? '', /^tool: there is nothing to record, because no endpoint/);
});

test('streams are replayed as recorded, with or without a request for usage', async () => {
  const ask = `await (await fetch(process.env.OPENAI_BASE_URL + '/chat/completions', { method: 'POST', body: JSON.stringify({
    model: process.env.STEPWELL_MODEL, stream: true, messages: [] }) })).text().then(console.log)`;
  for (const asks of [true, false]) {
    const endpoint = { ask_stream_usage: asks };
    const tool = { adapter: 'command', command: [process.execPath, '--input-type=module', '-e', ask], endpoint };
    await using past = await createRecordedRun({ frameworks: { tool }, steps: 1 });
    const cassette = await readFile(join(past.run.runDir, 'cassette.jsonl'), 'utf8');
    assert.equal(cassette.includes('include_usage'), asks);
    const [again] = await past.experiment.run({ replay: 'latest', env: { PATH: ENV.PATH } });
    const records = await recordsOf(again?.runDir ?? '');
    assert.deepEqual(
      records.filter(({ event }) => event === 'replay_mismatch'),
      [],
    );
  }
});
