/** What the original system could not pass, as far as it is about the run. Names follow its list of defects. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { adapters } from '../../../src/frameworks/index.ts';
import { packRun } from '../../../src/archive/index.ts';
import { RunMetrics, RunsManifest } from '../../../src/schema/index.ts';
import { differences, metadataOf, recordsOf, createShellExperiment } from '../shell-experiment.ts';

async function metricsOf(runDir: string): Promise<RunMetrics> {
  return RunMetrics.parse(JSON.parse(await readFile(join(runDir, 'metrics.json'), 'utf8')));
}

async function summaryOf(runDir: string): Promise<string> {
  return await readFile(join(runDir, 'logs_summary.txt'), 'utf8');
}

test('two concurrent runs in one process do not mix their lines', async () => {
  const script = 'for i in 1 2 3 4 5; do echo "$STEPWELL_RUN_ID step $STEPWELL_STEP line $i"; done; echo x >> file';
  await using experiment = await createShellExperiment({ one: script, two: script }, { steps: 3 });
  const runs = await experiment.run({ jobs: 4, rounds: 2 });
  assert.equal(runs.length, 4);
  for (const run of runs) {
    assert.equal(run.status, 'success');
    for (const record of await recordsOf(run.runDir)) {
      assert.equal(record.run_id, run.runId);
      assert.equal(record.framework, run.framework);
      if (record.event === 'process_output') assert.match(record.message, new RegExp(`^${run.runId} step ${record.step} `));
    }
    assert.deepEqual(await differences(run.runDir), []);
  }
});

for (const [title, script, status, words] of [
  ['failed', 'echo begun; echo the last words >&2; exit 7', 'failed', /exit code 7/],
  ['timed-out', 'echo begun; echo the last words; sleep 300', 'timed_out', /time limit of 1 s/],
] as const) {
  test(`a ${title} run leaves summary, metrics, metadata, archive and manifest entry, with the error section filled`, async () => {
    await using experiment = await createShellExperiment(
      { shell: script },
      { timeouts: { step_timeout_seconds: 1, shutdown_grace_seconds: 0.2 } },
    );
    const [run] = await experiment.run();
    assert.equal(run?.status, status);
    assert.equal(run.record, 'complete');
    const summary = await summaryOf(run.runDir);
    assert.match(summary, /ERRORS AND WARNINGS/);
    assert.match(summary, words);
    assert.match(summary, /the last words/);
    assert.equal((await metricsOf(run.runDir)).status, status);
    const metadata = await metadataOf(run.runDir);
    assert.deepEqual([metadata.status, metadata.failing_phase, metadata.failing_step], [status, 'steps', 1]);
    assert.match(metadata.error?.message ?? '', words);
    const members = execFileSync('tar', ['-tzf', join(run.runDir, 'run.tar.gz')], { encoding: 'utf8' });
    assert.match(members, /^logs\/step_001\/adapter\.log$/m);
    const manifest = RunsManifest.parse(JSON.parse(await readFile(join(experiment.runsDir, 'runs_manifest.json'), 'utf8')));
    assert.deepEqual(
      manifest.runs.map(({ run_id, status }) => [run_id, status]),
      [[run.runId, status]],
    );
    assert.deepEqual(await differences(run.runDir), []);
  });
}

test('a run whose preparation failed leaves the same complete record', async () => {
  await using experiment = await createShellExperiment({ shell: 'true' });
  const broken = { ...adapters['command']!, prepare: () => Promise.reject(new Error('the clone was refused')) };
  const [run] = await experiment.run({ adapters: { command: broken } });
  assert.equal(run?.status, 'failed');
  const metadata = await metadataOf(run.runDir);
  assert.deepEqual(
    [metadata.failing_phase, metadata.failing_step, metadata.error?.message],
    ['prepare', null, 'the clone was refused'],
  );
  assert.equal(await readFile(join(run.runDir, 'commit.txt'), 'utf8'), 'unknown\n');
  assert.match(await summaryOf(run.runDir), /the clone was refused/);
  assert.equal((await metricsOf(run.runDir)).failing_phase, 'prepare');
  assert.deepEqual(await differences(run.runDir), []);
});

test('the archive contains every event up to its seal, and metadata states what came later', async () => {
  await using experiment = await createShellExperiment({ shell: 'echo x > file' });
  const [run] = await experiment.run();
  const log = execFileSync('tar', ['-xzOf', join(run!.runDir, 'run.tar.gz'), 'logs/run.log'], { encoding: 'utf8' });
  assert.match(log.trim().split('\n').at(-1) ?? '', /"event":"run_end"/);
  const { sealed } = await metadataOf(run!.runDir);
  const all = await readFile(join(run!.runDir, 'logs/run.log'), 'utf8');
  const after = all
    .slice(log.length)
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event: string }).event);
  assert.deepEqual(after, sealed?.logged_after);
  assert.equal(sealed?.files['logs/run.log'], Buffer.byteLength(log));
});

test('secrets from the environment never appear in logs, summary or archive', async () => {
  const secret = 'pAssw0rd-of-the-tests-1234';
  await using experiment = await createShellExperiment({
    shell: `printf '%s\\n' pAssw0rd-of-the-'tests-1234'; printf '%s' pAssw0rd-of-the-'tests-1234' > leak; echo x > file; env > environment`,
  });
  const [run] = await experiment.run({ env: { ...process.env, MY_API_KEY: secret } });
  assert.equal(run?.status, 'success');
  const grep = execFileSync('sh', ['-c', 'grep -rl "$1" --exclude-dir=workspace . || true', 'sh', secret], {
    cwd: run.runDir,
    encoding: 'utf8',
  });
  assert.equal(grep, '');
  const members = execFileSync('tar', ['-tzf', join(run.runDir, 'run.tar.gz')], { encoding: 'utf8' });
  assert.doesNotMatch(members, /leak/);
  assert.match(members, /workspace\/file/);
  assert.deepEqual((await metadataOf(run.runDir)).archive?.excluded_secrets, ['workspace/leak']);
  const environment = await readFile(join(run.runDir, 'workspace/environment'), 'utf8');
  assert.doesNotMatch(environment, /MY_API_KEY/);
});

test('a run whose adapter reports failure is failed', async () => {
  await using experiment = await createShellExperiment(
    { shell: 'echo x > file$STEPWELL_STEP; [ $STEPWELL_STEP != 2 ]' },
    { steps: 3 },
  );
  const [run] = await experiment.run();
  assert.equal(run?.status, 'failed');
  const metrics = await metricsOf(run.runDir);
  assert.deepEqual(
    metrics.steps.map(({ status }) => status),
    ['success', 'failed', 'not_reached'],
  );
  assert.match(await summaryOf(run.runDir), /Success Rate: 33\.3%/);
});

test('retries are counted', async () => {
  await using experiment = await createShellExperiment(
    { shell: 'echo x > file; [ $STEPWELL_ATTEMPT = 3 ]' },
    { retries: { max_retries: 2, initial_backoff_seconds: 0 } },
  );
  const [run] = await experiment.run();
  assert.equal(run?.status, 'success');
  const metrics = await metricsOf(run.runDir);
  assert.equal(metrics.steps[0]?.retry_count, 2);
  assert.deepEqual(
    metrics.steps[0]?.attempts.map(({ status }) => status),
    ['failed', 'failed', 'success'],
  );
  assert.match(await summaryOf(run.runDir), /Step 001: SUCCESS \(duration: .*, retries: 2\)/);
});

test('the manifest survives concurrent writers', async () => {
  await using experiment = await createShellExperiment({ one: 'echo x > file', two: 'echo x > file' });
  const runs = await experiment.run({ rounds: 4, jobs: 8 });
  const manifest = RunsManifest.parse(JSON.parse(await readFile(join(experiment.runsDir, 'runs_manifest.json'), 'utf8')));
  assert.deepEqual(manifest.runs.map(({ run_id }) => run_id).sort(), runs.map(({ runId }) => runId).sort());
});

test('the summary counts mixed outcomes correctly', async () => {
  await using experiment = await createShellExperiment(
    { shell: 'echo x > file$STEPWELL_STEP; case $STEPWELL_STEP in 2) exit 1;; 3) sleep 300;; esac' },
    { steps: 4, on_step_failure: 'continue', timeouts: { step_timeout_seconds: 0.5, shutdown_grace_seconds: 0.1 } },
  );
  const [run] = await experiment.run();
  assert.equal(run?.status, 'failed');
  const summary = await summaryOf(run.runDir);
  assert.match(summary, /Steps Completed: 2\/4/);
  assert.match(summary, /Success Rate: 50\.0%/);
});

test('all framework output is kept per step, and its tail is shown on failure', async () => {
  await using experiment = await createShellExperiment({
    shell: 'i=0; while [ $i -lt 500 ]; do echo "line $i"; i=$((i+1)); done; echo the end >&2; exit 1',
  });
  const [run] = await experiment.run();
  const output = (await recordsOf(run!.runDir)).filter(({ event }) => event === 'process_output');
  assert.equal(output.length, 501);
  assert.deepEqual(new Set(output.map(({ step }) => step)), new Set([1]));
  const summary = await summaryOf(run!.runDir);
  assert.match(summary, /the end/);
  assert.match(summary, /line 499/);
});

test('the archive excludes venv, .git and .env and is reproducible', async () => {
  const script =
    'mkdir -p .git .venv/bin node_modules/m; echo x > .git/HEAD; echo x > .venv/pyvenv.cfg; echo x > node_modules/m/a; echo KEY=1 > .env; echo x > file';
  await using experiment = await createShellExperiment({ shell: script });
  const [run] = await experiment.run();
  const members = execFileSync('tar', ['-tzf', join(run!.runDir, 'run.tar.gz')], { encoding: 'utf8' }).split('\n');
  assert.deepEqual(
    members.filter((member) => member.startsWith('workspace/')),
    ['workspace/file'],
  );
  const metadata = await metadataOf(run!.runDir);
  const { archive, sealed, ended_at } = metadata;
  const copy = join(experiment.dir, 'copy');
  await cp(run!.runDir, copy, { recursive: true, verbatimSymlinks: true });
  await rm(join(copy, 'run.tar.gz'));
  // As of sealing, the summary did not know the archive yet.
  await writeFile(
    join(copy, 'logs_summary.txt'),
    execFileSync('tar', ['-xzOf', join(run!.runDir, 'run.tar.gz'), 'logs_summary.txt']),
  );
  const again = await packRun({ runDir: copy, exclude: [], modifiedAt: new Date(ended_at!), sealed: sealed!, metadata });
  assert.equal(again.sha256, archive?.sha256);
});

test('records logged before the run directory exists are kept in run.log', async () => {
  await using experiment = await createShellExperiment({ shell: 'echo x > file' });
  const [run] = await experiment.run();
  const first = (await readFile(join(run!.runDir, 'logs/run.log'), 'utf8')).split('\n', 1)[0] ?? '';
  assert.match(first, /"event":"config_loaded"/);
});

test('records of a run never go to the files of the previous run', async () => {
  await using experiment = await createShellExperiment({ shell: 'echo x > file' });
  const [first, second] = await experiment.run({ rounds: 2 });
  for (const run of [first!, second!]) {
    const ids = new Set((await recordsOf(run.runDir)).map(({ run_id }) => run_id));
    assert.deepEqual([...ids], [run.runId]);
  }
});
