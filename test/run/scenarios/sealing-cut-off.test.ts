/** A sealing that was cut off between two of its parts is finished, and a sealed archive is never written again. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { recoverAll, recoverRun } from '../../../src/experiment/index.ts';
import { metadataText, RunsManifest } from '../../../src/schema/index.ts';
import { currentProcess, LEASE_FILE } from '../../../src/store/index.ts';
import { differences, metadataOf, recordsOf, createShellExperiment } from '../shell-experiment.ts';

/** The lease of a process that was here before the machine’s last start, or whose pid was given away. */
async function leaveLease(runDir: string): Promise<void> {
  const lease = { ...currentProcess(), boot_id: 'an earlier boot', process_start: '1', run_id: 'r', acquired_at: '', token: 't' };
  await writeFile(join(runDir, LEASE_FILE), JSON.stringify(lease));
}

test('recover after a crash between metadata.json and the manifest writes the rest and keeps the archive', async () => {
  await using experiment = await createShellExperiment({ shell: 'echo x > file' });
  const [run] = await experiment.run();
  const archive = join(run!.runDir, 'run.tar.gz');
  const before = await stat(archive);
  await rm(join(experiment.runsDir, 'runs_manifest.json'));
  await writeFile(join(run!.runDir, 'logs_summary.txt'), 'the summary as of sealing\n');
  await leaveLease(run!.runDir);
  const [recovery] = await recoverAll(experiment.runsDir);
  assert.equal(recovery?.outcome === 'recovered' && recovery.status, 'success');
  assert.equal((await stat(archive)).mtimeMs, before.mtimeMs);
  assert.equal((await metadataOf(run!.runDir)).archive?.sha256, run!.archive?.sha256);
  const manifest = RunsManifest.parse(JSON.parse(await readFile(join(experiment.runsDir, 'runs_manifest.json'), 'utf8')));
  assert.equal(manifest.runs[0]?.archive_sha256, run!.archive?.sha256);
  assert.deepEqual(await differences(run!.runDir), []);
  assert.equal((await recoverRun(run!.runDir)).outcome, 'nothing_to_do');
});

test('recover after a crash before metadata.json names the archive rebuilds it and keeps the status', async () => {
  for (const left of ['partial', 'whole'] as const) {
    await using experiment = await createShellExperiment({ shell: 'echo x > file' });
    const [run] = await experiment.run();
    const { runDir } = run!;
    await writeFile(
      join(runDir, 'metadata.json'),
      metadataText({ ...(await metadataOf(runDir)), archive: null, record: 'open' }),
    );
    if (left === 'partial') {
      await copyFile(join(runDir, 'run.tar.gz'), join(runDir, '.stepwell/run.tar.gz.partial'));
      await rm(join(runDir, 'run.tar.gz'));
    }
    await leaveLease(runDir);
    const recovery = await recoverRun(runDir);
    assert.equal(recovery.outcome === 'recovered' && recovery.status, 'success');
    assert.equal((await metadataOf(runDir)).record, 'complete');
    const events = (await recordsOf(runDir)).map(({ event }) => event);
    assert.equal(events.filter((event) => event === 'run_recovered').length, 1);
    assert.equal((await readdir(join(runDir, '.stepwell'))).includes('run.tar.gz.partial'), false);
    assert.deepEqual(await differences(runDir), []);
  }
});

test('a run that died before its first record is crashed, and unmeasured figures are null', async () => {
  await using experiment = await createShellExperiment({ shell: 'echo x > file' });
  const [run] = await experiment.run();
  const { runDir } = run!;
  const begun = { ...(await metadataOf(runDir)), status: 'running', record: 'open', archive: null, sealed: null } as const;
  await writeFile(join(runDir, 'metadata.json'), metadataText(begun));
  for (const gone of ['logs', 'workspace', 'run.tar.gz', 'metrics.json', 'commit.txt', 'logs_summary.txt'])
    await rm(join(runDir, gone), { recursive: true });
  await leaveLease(runDir);
  const recovery = await recoverRun(runDir);
  assert.deepEqual(recovery.outcome === 'recovered' && [recovery.status, recovery.record], ['crashed', 'complete']);
  const { duration_seconds, error } = await metadataOf(runDir);
  assert.deepEqual([duration_seconds, error?.type, error?.stack], [null, 'RunCrashed', undefined]);
  assert.deepEqual(await differences(runDir), []);
});

test('recover adds the missing record of a clarification that was already kept', async () => {
  await using experiment = await createShellExperiment({ shell: 'echo x > file' });
  const [run] = await experiment.run();
  const { runDir } = run!;
  const event = {
    timestamp: '',
    run_id: run!.runId,
    step: 1,
    attempt: 1,
    query: 'q',
    response: 'r',
    query_length: 1,
    response_length: 1,
  };
  const response_sha1 = '4dc7c9ec434ed06502767136789763ec11d2c4b7';
  await writeFile(join(runDir, 'hitl_events.jsonl'), `${JSON.stringify({ ...event, response_sha1 })}\n{"torn`);
  await writeFile(join(runDir, 'metadata.json'), metadataText({ ...(await metadataOf(runDir)), archive: null, sealed: null }));
  await leaveLease(runDir);
  assert.equal((await recoverRun(runDir)).outcome, 'recovered');
  const recorded = (await recordsOf(runDir)).filter(({ event }) => event === 'hitl');
  assert.deepEqual(
    recorded.map(({ step, attempt }) => [step, attempt]),
    [[1, 1]],
  );
  assert.deepEqual(await differences(runDir), []);
});

test('recover removes what a process left that died while it created its run directory', async () => {
  await using experiment = await createShellExperiment({ shell: 'echo x > file' });
  const unborn = join(experiment.runsDir, 'shell', '.new-20260101-000000-aaaa');
  await mkdir(join(unborn, '.stepwell'), { recursive: true });
  await mkdir(join(experiment.runsDir, 'shell', '20260101-000000-aaaa'));
  await leaveLease(unborn);
  assert.deepEqual(await recoverAll(experiment.runsDir), []);
  assert.deepEqual(await readdir(join(experiment.runsDir, 'shell')), []);
});
