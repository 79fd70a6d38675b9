/** Ctrl-C in a real pseudo-terminal, once and twice; SIGTERM; interruption while waiting. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { interruptOnSignals, recoverRun } from '../../../src/experiment/index.ts';
import { CTRL_C, runInTerminal, needsPty } from '../../exec/terminal.ts';
import { STEPWELL_PROCESS, differences, metadataOf, recordsOf, createShellExperiment } from '../shell-experiment.ts';

const STEPWELL = fileURLToPath(new URL('../../../src/cli/index.ts', import.meta.url));

function runDirOf(text: string): string {
  return /started (.*?)\r?\n/.exec(text)?.[1] ?? '';
}

test('one Ctrl-C shuts down cleanly with status interrupted and exit code 130', needsPty, async () => {
  await using experiment = await createShellExperiment({ shell: 'echo x > file; sleep 300' }, { steps: 2 });
  const text = await runInTerminal(
    [{ at: 'process_start', text: CTRL_C }],
    [STEPWELL_PROCESS, experiment.config, experiment.runsDir, 'shell'],
  );
  assert.match(text, /exit 130/);
  const runDir = runDirOf(text);
  const metadata = await metadataOf(runDir);
  assert.deepEqual([metadata.status, metadata.record, metadata.failing_step], ['interrupted', 'complete', 1]);
  assert.deepEqual(await differences(runDir), []);
});

test('a second Ctrl-C ends at once, and recover completes the record', needsPty, async () => {
  // The framework ignores SIGTERM, so that the orderly end takes the whole grace; its line says that it does from now on.
  await using experiment = await createShellExperiment(
    { shell: "trap '' TERM; echo x > file; echo ready; while :; do sleep 1; done" },
    { timeouts: { step_timeout_seconds: 300, shutdown_grace_seconds: 120 } },
  );
  const text = await runInTerminal(
    [
      { at: 'output', text: CTRL_C },
      { at: 'first', text: CTRL_C, seconds: 1.1 },
    ],
    [STEPWELL_PROCESS, experiment.config, experiment.runsDir, 'shell'],
  );
  assert.match(text, /exit 130/);
  assert.doesNotMatch(text, /sealing/);
  const runDir = runDirOf(text);
  assert.equal((await metadataOf(runDir)).status, 'running');
  const recovery = await recoverRun(runDir);
  assert.equal(recovery.outcome === 'recovered' ? recovery.status : recovery.outcome, 'crashed');
  assert.deepEqual(await differences(runDir), []);
});

test('closing the terminal shuts down cleanly with status interrupted and exit code 129', needsPty, async () => {
  await using experiment = await createShellExperiment({ shell: 'echo x > file; sleep 300' });
  const text = await runInTerminal(
    [{ at: 'Started', text: null }],
    [STEPWELL, 'run', 'shell', '--config', experiment.config, '--runs-dir', experiment.runsDir, '--console', 'info'],
  );
  assert.match(text, /exit 129/);
  const [runId = ''] = await readdir(join(experiment.runsDir, 'shell'));
  const metadata = await metadataOf(join(experiment.runsDir, 'shell', runId));
  assert.deepEqual([metadata.status, metadata.record], ['interrupted', 'complete']);
});

test('SIGTERM shuts down cleanly with exit code 143 and no retry', async () => {
  await using experiment = await createShellExperiment(
    { shell: 'echo x > file; sleep 300' },
    { retries: { max_retries: 2, initial_backoff_seconds: 0 } },
  );
  const child = spawn(process.execPath, [STEPWELL_PROCESS, experiment.config, experiment.runsDir, 'shell'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    if (!text.includes('process_start') && `${text}${more}`.includes('process_start')) child.kill('SIGTERM');
    text += more;
  });
  const [code] = await once(child, 'exit');
  assert.equal(code, 143);
  const runDir = runDirOf(text);
  assert.equal((await metadataOf(runDir)).status, 'interrupted');
  assert.equal((await recordsOf(runDir)).filter(({ event }) => event === 'attempt_start').length, 1);
});

test('an interruption ends the wait before a retry', async () => {
  await using experiment = await createShellExperiment(
    { shell: 'exit 1' },
    { retries: { max_retries: 2, initial_backoff_seconds: 3000 } },
  );
  const stop = new AbortController();
  const [run] = await experiment.run({
    signal: stop.signal,
    onProgress: (event) => event.type === 'record' && event.record.event === 'retry_scheduled' && stop.abort('SIGINT'),
  });
  assert.equal(run?.status, 'interrupted');
  const end = (await recordsOf(run.runDir)).find(({ event }) => event === 'step_end');
  assert.deepEqual([end?.metadata['status'], end?.metadata['attempts']], ['interrupted', 1]);
});

test('an interruption during the last validation marks the run interrupted', async () => {
  const app = { command: ['sleep', '300'], health_path: '/', start_timeout_seconds: 300 };
  await using experiment = await createShellExperiment({ shell: 'echo x > file' }, { validation: { app } });
  const stop = new AbortController();
  const [run] = await experiment.run({
    signal: stop.signal,
    onProgress: (event) => event.type === 'record' && event.record.event === 'app_start' && stop.abort('SIGINT'),
  });
  assert.equal(run?.status, 'interrupted');
  const { failing_phase, failing_step, record } = await metadataOf(run.runDir);
  assert.deepEqual([failing_phase, failing_step, record], ['steps', null, 'complete']);
  const ends = (await recordsOf(run.runDir)).filter(({ event }) => event === 'step_end');
  assert.deepEqual(
    ends.map(({ metadata }) => metadata['status']),
    ['success'],
  );
  assert.deepEqual(await differences(run.runDir), []);
});

test('an experiment interrupted before its first run starts no run', async () => {
  await using experiment = await createShellExperiment({ shell: 'echo x > file' });
  assert.deepEqual(await experiment.run({ signal: AbortSignal.abort('SIGINT') }), []);
});

test('a second signal counts only one second after the first', () => {
  const exits: number[] = [];
  let time = 0;
  using interruption = interruptOnSignals({ exit: (code) => exits.push(code), now: () => time });
  assert.equal(interruption.exitCode, null);
  process.emit('SIGTERM', 'SIGTERM');
  time = 999;
  process.emit('SIGINT', 'SIGINT');
  assert.deepEqual([interruption.exitCode, interruption.signal.aborted, exits], [143, true, []]);
  time = 1000;
  process.emit('SIGINT', 'SIGINT');
  assert.deepEqual(exits, [143]);
});
