/** SIGKILL between any two writes of an attempt: the log is the truth, and whoever comes next finishes what is derived. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { attemptsOf, differences, HOUR, metadataOf, MINUTE, NOON, createFixture, type ReconcileFixture } from '../sealed-runs.ts';

const CHILD = fileURLToPath(new URL('reconcile-process.ts', import.meta.url));
const hasStrace = process.platform === 'linux' && spawnSync('strace', ['-V']).status === 0;

interface ExitedProcess {
  readonly output: string;
  readonly signal: string | null;
  readonly code: number | null;
}

async function reconcileInProcess(here: ReconcileFixture, at: number, before: readonly string[] = []): Promise<ExitedProcess> {
  here.server.setNow(new Date(NOON + at));
  const [program, ...rest] = [...before, process.execPath];
  // strace counts by thread: all files are written by one.
  const env = { ...process.env, ...here.env, UV_THREADPOOL_SIZE: '1' };
  const child = spawn(program ?? '', [...rest, CHILD, here.runsDir, String(NOON + at), 'latest'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { output, code, signal };
}

for (const [syscall, stride] of [
  ['rename', 1],
  ['fsync', 2],
] as const) {
  test(
    `an attempt killed at any ${syscall} loses no record, and the next command completes it`,
    { skip: !hasStrace && 'needs strace, to kill at a chosen system call' },
    async () => {
      await using here = await createFixture();
      const runDir = await here.make({ id: 'one', calls: [{ at: 0 }] });
      const log = join(runDir, 'logs/reconciliation.log');
      const sizeOf = async (): Promise<number> => (await stat(log).catch(() => ({ size: 0 }))).size;
      let kills = 0;
      let wholes = 0;
      let at = HOUR;
      for (let nth = 1; wholes === 0 && nth < 80; nth += stride) {
        at += 10 * MINUTE;
        const before = await attemptsOf(runDir);
        const ended = await reconcileInProcess(here, at, [
          'strace',
          '-f',
          '-qq',
          '-o',
          '/dev/null',
          '-e',
          `trace=${syscall}`,
          '-e',
          `inject=${syscall}:signal=SIGKILL:when=${nth}`,
        ]);
        const killed = ended.signal === 'SIGKILL' || ended.code === 137;
        if (killed) kills += 1;
        else wholes += 1;
        const logged = await attemptsOf(runDir);
        assert.deepEqual(logged.slice(0, before.length), before, 'nothing recorded is ever lost');
        if (!killed) assert.equal(logged.length, before.length + 1, ended.output);
        const metadata = await metadataOf(runDir);
        const isWhole = (metadata.reconciliation?.log_bytes ?? 0) === (await sizeOf());
        if (isWhole) assert.deepEqual(await differences(runDir), [], `whole after ${syscall} ${nth}`);
        // The next command finishes it; this one even reads anew.
        at += 10 * MINUTE;
        const [next] = await here.at(at, { run: 'one' });
        assert.equal(next?.action, 'read', JSON.stringify(next));
        assert.deepEqual(await differences(runDir), [], `after ${syscall} ${nth}`);
        assert.equal((await metadataOf(runDir)).reconciliation?.attempts, (await attemptsOf(runDir)).length);
      }
      assert.equal(wholes, 1, 'the last child was not killed any more');
      assert.ok(kills >= 3, `${kills} were killed`);
    },
  );
}

test('the next command completes an unfinished attempt, also for a settled run', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 0 }] });
  const files = ['metadata.json', 'metrics.json', 'logs_summary.txt'];
  await here.at(HOUR);
  const before = await Promise.all(files.map(async (file) => [file, await readFile(join(runDir, file))] as const));
  await here.at(2 * HOUR);
  for (const [file, bytes] of before) await writeFile(join(runDir, file), bytes);
  assert.notDeepEqual(await differences(runDir), []);
  assert.deepEqual(await here.at(2 * HOUR), [], 'nothing is asked for a verified run');
  assert.deepEqual(await differences(runDir), []);
  assert.equal((await metadataOf(runDir)).reconciliation?.verification_status, 'verified');
});

test('a torn last line is isolated, and its attempt is repeated', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 0 }] });
  const log = join(runDir, 'logs/reconciliation.log');
  await here.at(HOUR);
  await truncate(log, (await stat(log)).size - 20);
  const [again] = await here.at(2 * HOUR);
  assert.deepEqual([again?.state, again?.summary?.attempts.length], ['provisional', 1]);
  assert.deepEqual(await differences(runDir), []);
  await appendFile(log, '{"level":"info"');
  await here.at(3 * HOUR);
  assert.deepEqual(await differences(runDir), []);
  assert.match(await readFile(log, 'utf8'), /log\.recovered/);
});

test('of several processes only one reads a run at a time, and the others report it', async () => {
  await using here = await createFixture();
  const runDir = await here.make({ id: 'one', calls: [{ at: 0 }] });
  const ended = await Promise.all(Array.from({ length: 4 }, () => reconcileInProcess(here, HOUR)));
  for (const { output, code } of ended) {
    assert.equal(code, 0, output);
    assert.match(output, /"action":"read"|Another process is reconciling this run/);
  }
  const attempts = await attemptsOf(runDir);
  assert.ok(attempts.length >= 1 && attempts.length <= 4);
  assert.deepEqual(
    attempts.map(({ attempt }) => attempt),
    attempts.map((_, index) => index + 1),
  );
  assert.ok(attempts.every(({ equal_readings }) => equal_readings === 1));
  assert.deepEqual(await differences(runDir), []);
});
