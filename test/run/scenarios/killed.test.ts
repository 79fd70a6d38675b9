/** kill -9 of the stepwell process at any moment: recover completes the record. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { recoverAll, recoverRun } from '../../../src/experiment/index.ts';
import { STEPWELL_PROCESS, differences, metadataOf, recordsOf, createShellExperiment, survivorsOf } from '../shell-experiment.ts';

const SCRIPT =
  'echo step $STEPWELL_STEP; echo $STEPWELL_STEP > file$STEPWELL_STEP; sleep 0.02; (sleep 300 > /dev/null 2>&1 &) ; (setsid sleep 300 > /dev/null 2>&1 &) ; sleep 0.03';
const ROUNDS = 10;

test(
  'kill -9 at any moment of a run leaves a record that recover completes',
  { skip: process.platform !== 'linux' && 'needs /proc' },
  async () => {
    await using experiment = await createShellExperiment({ shell: SCRIPT }, { steps: 3 });
    const statuses = new Set<string>();
    const checked = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const child = spawn(process.execPath, [STEPWELL_PROCESS, experiment.config, experiment.runsDir, 'shell'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      let lines = 0;
      // The moment is counted in records, which come faster the further the machine is; past the end, the run is whole.
      const killAt = round * 4;
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        lines += text.split('\n').length - 1;
        if (lines > killAt) child.kill('SIGKILL');
      });
      await exited;

      const recovered = await recoverAll(experiment.runsDir);
      assert.deepEqual(
        recovered.filter(({ outcome }) => outcome === 'failed'),
        [],
      );
      for (const runId of await readdir(join(experiment.runsDir, 'shell')).catch(() => [])) {
        const runDir = join(experiment.runsDir, 'shell', runId);
        if (checked.has(runId) || runId.startsWith('.') || (await readdir(runDir)).length === 0) continue;
        checked.add(runId);
        const metadata = await metadataOf(runDir);
        statuses.add(metadata.status);
        assert.equal(metadata.record, 'complete', runId);
        assert.deepEqual(await differences(runDir), [], runId);
        assert.deepEqual(await survivorsOf(runId), []);
        assert.equal((await recoverRun(runDir)).outcome, 'nothing_to_do');
      }
    }
    assert.ok(statuses.has('crashed'));
  },
);

test('a run killed with SIGKILL while it is sealed keeps its status', async () => {
  await using experiment = await createShellExperiment({ shell: 'echo x > file' });
  for (const delayMs of [0, 3, 8, 15, 30]) {
    const child = spawn(process.execPath, [STEPWELL_PROCESS, experiment.config, experiment.runsDir, 'shell'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      // Wherever in the sealing it comes, the outcome must be the same.
      if (text.includes('sealing')) setTimeout(() => child.kill('SIGKILL'), delayMs);
    });
    await exited;
    const runDir = /started (.*)/.exec(text)?.[1] ?? '';
    const result = await recoverRun(runDir);
    if (result.outcome === 'recovered') assert.equal(result.status, 'success');
    else assert.equal(result.outcome, 'nothing_to_do');
    assert.equal((await metadataOf(runDir)).status, 'success');
    assert.deepEqual(await differences(runDir), []);
    const events = (await recordsOf(runDir)).map(({ event }) => event);
    assert.equal(events.filter((event) => event === 'run_end').length, 1);
  }
});

test('two concurrent recoveries do not collide', async () => {
  await using experiment = await createShellExperiment({ shell: 'echo x > file; sleep 60' });
  const child = spawn(process.execPath, [STEPWELL_PROCESS, experiment.config, experiment.runsDir, 'shell'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    if (text.includes('process_start')) child.kill('SIGKILL');
  });
  await exited;
  const runDir = /started (.*)/.exec(text)?.[1] ?? '';
  const results = await Promise.all(Array.from({ length: 4 }, () => recoverRun(runDir)));
  assert.equal(results.filter(({ outcome }) => outcome === 'recovered').length, 1, JSON.stringify(results));
  const events = (await recordsOf(runDir)).map(({ event }) => event);
  assert.equal(events.filter((event) => event === 'run_recovered').length, 1);
  assert.deepEqual(await differences(runDir), []);
});
