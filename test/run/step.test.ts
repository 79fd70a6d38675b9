/** Attempts at a step: failures, retries from the workspace as it stood, time limits that hold. */
import assert from 'node:assert/strict';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { differences, metadataOf, recordsOf, createShellExperiment, survivorsOf } from './shell-experiment.ts';

const linuxOnly = { skip: process.platform !== 'linux' && 'needs /proc' };

test('a retry starts from the workspace as it was before the step', async () => {
  const script = `
    if [ $STEPWELL_STEP = 1 ]; then mkdir -p d/closed; echo one > d/kept; echo x > d/closed/in; chmod 555 d/closed
      printf '#!/bin/sh' > tool; chmod 751 tool; ln -s nowhere link; mkdir empty; exit 0; fi
    if [ $STEPWELL_ATTEMPT = 1 ]; then chmod 755 d/closed; rm -rf d link empty; echo two > tool; chmod 600 tool; echo junk > junk; mkfifo pipe; exit 3; fi
    ls -la > listing; cat d/kept >> listing`;
  await using experiment = await createShellExperiment(
    { shell: script },
    { steps: 2, retries: { max_retries: 1, initial_backoff_seconds: 0 } },
  );
  const [run] = await experiment.run();
  assert.equal(run?.status, 'success');
  const workspace = join(run.runDir, 'workspace');
  assert.deepEqual((await readdir(workspace)).sort(), ['d', 'empty', 'link', 'listing', 'tool']);
  assert.equal(await readFile(join(workspace, 'd/kept'), 'utf8'), 'one\n');
  assert.equal(await readlink(join(workspace, 'link')), 'nowhere');
  assert.equal((await lstat(join(workspace, 'tool'))).mode & 0o777, 0o751);
  assert.equal((await lstat(join(workspace, 'd/closed'))).mode & 0o777, 0o555);

  const records = await recordsOf(run.runDir);
  const leftovers = records.find(({ event }) => event === 'attempt_leftovers');
  assert.deepEqual(
    (leftovers!.metadata['files'] as { path: string; bytes: number }[])
      .filter(({ path }) => path !== 'pipe')
      .map(({ path, bytes }) => [path, bytes]),
    [
      ['junk', 5],
      ['tool', 4],
    ],
  );
  assert.equal(leftovers!.attempt, 1);
  const end = records.findLast(({ event }) => event === 'step_end');
  assert.deepEqual([end?.metadata['attempts'], end?.metadata['retries']], [2, 1]);
  assert.deepEqual(await differences(run.runDir), []);
});

test('the first step’s retry starts from an empty workspace', async () => {
  await using experiment = await createShellExperiment(
    { shell: 'ls -A > /dev/null; [ -z "$(ls -A)" ] || exit 9; echo junk > junk; [ $STEPWELL_ATTEMPT = 2 ]' },
    { retries: { max_retries: 1, initial_backoff_seconds: 0 } },
  );
  const [run] = await experiment.run();
  assert.equal(run?.status, 'success');
});

test('files of the last failed attempt stay as evidence and are reverted only before a further step', async () => {
  const script = 'echo $STEPWELL_STEP > file$STEPWELL_STEP; [ $STEPWELL_STEP != 2 ]';
  for (const [on_step_failure, files] of [
    ['stop', ['file1', 'file2']],
    ['continue', ['file1', 'file3']],
  ] as const) {
    await using experiment = await createShellExperiment({ shell: script }, { steps: 3, on_step_failure });
    const [run] = await experiment.run();
    assert.equal(run?.status, 'failed');
    assert.deepEqual((await readdir(join(run.runDir, 'workspace'))).sort(), files);
    assert.equal((await metadataOf(run.runDir)).failing_step, 2);
    assert.deepEqual(await differences(run.runDir), []);
  }
});

test('an attempt that changes no file fails unless that check is disabled', async () => {
  await using strict = await createShellExperiment({ shell: 'echo done' });
  const [failed] = await strict.run();
  assert.equal(failed?.status, 'failed');
  const end = (await recordsOf(failed.runDir)).find(({ event }) => event === 'attempt_end');
  assert.equal(end?.metadata['reason'], 'no_changes');
  assert.equal(end?.metadata['claim'], 'success');
  await using lenient = await createShellExperiment({ shell: 'echo done' }, { validation: { artifacts: 'none' } });
  assert.equal((await lenient.run())[0]?.status, 'success');
});

test('each attempt gets a fresh copy of the prompt', async () => {
  const script = `
    case $STEPWELL_ATTEMPT in
      1) echo changed > "$STEPWELL_PROMPT_FILE"; exit 3 ;;
      2) grep -q '^Prompt of' "$STEPWELL_PROMPT_FILE" && rm -rf "$(dirname "$(dirname "$STEPWELL_PROMPT_FILE")")"; exit 3 ;;
      3) cat "$STEPWELL_PROMPT_FILE" > got ;;
    esac`;
  await using experiment = await createShellExperiment(
    { shell: script },
    { retries: { max_retries: 2, initial_backoff_seconds: 0 } },
  );
  const [run] = await experiment.run();
  assert.equal(run?.status, 'success');
  assert.equal(await readFile(join(run.runDir, 'workspace/got'), 'utf8'), 'Prompt of step 1.\n');
});

test('the backoff between attempts grows and is recorded', async () => {
  await using experiment = await createShellExperiment(
    { shell: 'exit 1' },
    { retries: { max_retries: 3, initial_backoff_seconds: 0.01, backoff_multiplier: 2 } },
  );
  const [run] = await experiment.run();
  const waits = (await recordsOf(run!.runDir)).filter(({ event }) => event === 'retry_scheduled');
  assert.deepEqual(
    waits.map(({ metadata }) => metadata['backoff_seconds']),
    [0.01, 0.02, 0.04],
  );
});

test('a time limit ends the whole process tree, and the run continues', linuxOnly, async () => {
  const nasty = `
    if [ $STEPWELL_STEP = 1 ]; then
      echo begun > file1
      (trap '' TERM; while :; do sleep 1; done) &
      (setsid sh -c 'trap "" TERM; sleep 300 & sleep 300' &)
      (setsid setsid sleep 300 > /dev/null 2>&1 &)
      trap '' TERM; while :; do sleep 1; done
    fi
    echo two > file2`;
  await using experiment = await createShellExperiment(
    { shell: nasty },
    { steps: 2, on_step_failure: 'continue', timeouts: { step_timeout_seconds: 0.7, shutdown_grace_seconds: 0.2 } },
  );
  const [run] = await experiment.run();
  assert.equal(run?.status, 'timed_out');
  assert.deepEqual(await survivorsOf(run.runId), []);
  const ends = (await recordsOf(run.runDir)).filter(({ event }) => event === 'attempt_end');
  assert.deepEqual(
    ends.map(({ metadata }) => metadata['status']),
    ['timed_out', 'success'],
  );
  assert.ok((ends[0]?.metadata['processes_killed'] as number) >= 4);
  assert.deepEqual(
    ends.map(({ metadata }) => metadata['claim']),
    [null, 'success'],
    'a framework that was cut off has said nothing',
  );
  assert.deepEqual(await differences(run.runDir), []);
});

test('processes that a successful attempt leaves behind end with it', linuxOnly, async () => {
  await using experiment = await createShellExperiment({ shell: 'echo x > file; (setsid sleep 300 > /dev/null 2>&1 &)' });
  const [run] = await experiment.run();
  assert.equal(run?.status, 'success');
  assert.deepEqual(await survivorsOf(run.runId), []);
});
