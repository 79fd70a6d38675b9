import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runProgram, startProgram, type OutputLine, type ProgramResult } from '../../src/exec/index.ts';
import { isLinux, needsProc, newToken, runShell } from './processes.ts';

const dir = mkdtempSync(join(tmpdir(), 'stepwell-test-'));
after(() => rmSync(dir, { recursive: true }));

const base = { cwd: dir, env: { PATH: process.env['PATH'] ?? '' }, graceMs: 200, processTag: `test:${newToken()}` };

function spawnError(result: ProgramResult) {
  assert.equal(result.outcome.status, 'spawn_failed');
  assert.equal(result.pid, null);
  return result.outcome.status === 'spawn_failed' ? result.outcome.error : assert.fail();
}

test('the result has the exit code, the lines of both streams and their counts', async () => {
  const result = await runShell('echo one; echo two >&2; printf "three\\nfour"; exit 7');
  assert.deepEqual(result.outcome, { status: 'exited', exitCode: 7 });
  assert.deepEqual(result.stdout, ['one', 'three', 'four']);
  assert.deepEqual(result.stderr, ['two']);
  const { stdoutBytes, stdoutLines, stderrBytes, stderrLines, killed, survivors } = result;
  assert.deepEqual(
    { stdoutBytes, stdoutLines, stderrBytes, stderrLines },
    { stdoutBytes: 14, stdoutLines: 3, stderrBytes: 4, stderrLines: 1 },
  );
  assert.deepEqual({ killed, survivors }, { killed: [], survivors: [] });
});

test('the outcome names the signal that ended the program', async () => {
  assert.deepEqual((await runShell('kill -SEGV $$')).outcome, { status: 'signaled', signal: 'SIGSEGV' });
});

test('stdin delivers the given text and then ends; without one it is empty', async () => {
  const text = `quotes " ' \`, é 漢 😀, tab\t\n${'long '.repeat(60_000)}`;
  const given = await runShell('cat', { stdin: text });
  assert.equal(given.lines.map((line) => line.text + (line.part && !line.lastPart ? '' : '\n')).join(''), `${text}\n`);
  assert.deepEqual((await runShell('cat; echo end')).stdout, ['end']);
});

test('a program that does not read its stdin succeeds', async () => {
  assert.deepEqual((await runShell('exit 0', { stdin: 'x'.repeat(1_000_000) })).outcome, { status: 'exited', exitCode: 0 });
});

test('/dev/stdin, /dev/stdout and /dev/stderr can be opened', { skip: process.platform === 'win32' }, async () => {
  const result = await runShell('cat /dev/stdin; echo out > /dev/stdout; echo err > /dev/stderr', { stdin: 'in\n' });
  assert.deepEqual(result.outcome, { status: 'exited', exitCode: 0 });
  assert.deepEqual([result.stdout, result.stderr], [['in', 'out'], ['err']]);
});

test('invalid UTF-8 becomes U+FFFD, NUL is kept, and a character split across two writes stays whole', async () => {
  const result = await runShell(String.raw`printf 'a\377b\303'; sleep 0.05; printf '\251 \000 end\342\202'`);
  assert.deepEqual(result.stdout, ['a\uFFFDbé \0 end\uFFFD']);
});

test('the environment is exactly the given one plus the process tag', async () => {
  const result = await runShell('env', { env: { PATH: process.env['PATH'] ?? '', ONLY: 'this' }, processTag: 'run:x' });
  const names = result.stdout
    .map((line) => line.split('=')[0])
    .filter((name) => !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name ?? ''));
  assert.deepEqual(
    names.toSorted((a, b) => a!.localeCompare(b!)),
    ['ONLY', 'PATH', 'STEPWELL_MARK'],
  );
  assert.ok(result.stdout.includes('STEPWELL_MARK=run:x'));
});

test('a program that cannot be started resolves with the reason', async () => {
  const script = join(dir, 'not-executable');
  const lost = join(dir, 'lost-interpreter');
  writeFileSync(script, '#!/bin/sh\n');
  writeFileSync(lost, '#!/no/such/interpreter\n');
  chmodSync(lost, 0o755);
  const start = async (...command: [string, ...string[]]) => spawnError(await runProgram({ ...base, command }));

  assert.equal((await start('no-such-program-anywhere')).code, 'PROGRAM_NOT_FOUND');
  assert.match((await start('/no/such/program')).message, /"\/no\/such\/program" was not found/);
  assert.equal((await start(script)).code, 'PROGRAM_NOT_EXECUTABLE');
  assert.match((await start(lost)).message, /interpreter/);
  assert.match((await start('echo', 'nul \0 here')).message, /null bytes/);
  const missing = spawnError(await runProgram({ ...base, cwd: join(dir, 'missing'), command: ['true'] }));
  assert.equal(missing.code, 'PROGRAM_DIRECTORY_MISSING');
});

test('the error for arguments that are too long states their size', { skip: isLinux ? false : 'limits differ' }, async () => {
  const error = spawnError(await runProgram({ ...base, command: ['echo', 'x'.repeat(200_000)] }));
  assert.equal(error.code, 'PROGRAM_ARGUMENTS_TOO_LONG');
  assert.match(error.message, /200001/);
  assert.match(error.fix, /prompt_file/);
});

test('a signal that is already aborted starts nothing', async () => {
  const result = await runShell('echo never', { signal: AbortSignal.abort() });
  assert.deepEqual([result.outcome, result.pid, result.lines], [{ status: 'canceled' }, null, []]);
});

test('the outcome distinguishes a time limit, an abort and a stop from a normal exit', async () => {
  assert.deepEqual((await runShell('sleep 60', { timeoutMs: 20 })).outcome, { status: 'timed_out', afterMs: 20 });
  const controller = new AbortController();
  const aborted = runShell('echo up; sleep 60', { signal: controller.signal, onLine: () => controller.abort() });
  assert.deepEqual((await aborted).outcome, { status: 'canceled' });
  const program = startProgram({ ...base, command: ['sleep', '60'] });
  assert.deepEqual((await program.stop()).outcome, { status: 'canceled' });
});

test('the result says how a stopped program exited: by which signal or with which exit code', async () => {
  const end = async (script: string) => {
    const { outcome, exitCode, signal } = await runShell(script, { timeoutMs: 300 });
    return [outcome.status, exitCode, signal];
  };
  assert.deepEqual(await end('exec sleep 60'), ['timed_out', null, 'SIGTERM']);
  assert.deepEqual(await end("trap '' TERM; while :; do sleep 1; done"), ['timed_out', null, 'SIGKILL']);
  assert.deepEqual(await end('trap "exit 5" TERM; while :; do sleep 0.01; done'), ['timed_out', 5, null]);
});

test('output written while the program is being stopped is kept', async () => {
  const script = 'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.01; done';
  const controller = new AbortController();
  const lines: string[] = [];
  const onLine = ({ stream, text }: OutputLine) => {
    if (stream === 'stdout') lines.push(text);
    controller.abort();
  };
  await runShell(script, { signal: controller.signal, graceMs: 5000, onLine });
  assert.deepEqual(lines, ['up', 'bye']);
});

test('CPU time is exact when one child exits alone, and memory is a sampled peak', needsProc, async () => {
  const command = [
    process.execPath,
    '-e',
    'const b = Buffer.alloc(150e6, 1); const end = process.cpuUsage().user + 4e5; while (process.cpuUsage().user < end);',
  ] as const;
  const result = await runProgram({ ...base, command });
  assert.ok((result.userCpuSeconds ?? 0) >= 0.4, String(result.userCpuSeconds));
  assert.ok(result.systemCpuSeconds !== null);
  assert.ok((result.maxRssBytes ?? 0) > 150e6, String(result.maxRssBytes));
});

test('CPU time of children that exit together is null rather than a guess', needsProc, async () => {
  const both = [1, 2].map(() => startProgram({ ...base, processTag: `test:${newToken()}`, command: ['true'] }));
  // This process stays busy until both have ended, and then learns of both in one turn.
  for (const deadline = Date.now() + 20_000; !both.every(({ pid }) => hasEnded(pid)) && Date.now() < deadline;);
  for (const { done } of both) assert.equal((await done).userCpuSeconds, null);
});

function hasEnded(pid: number | null): boolean {
  return /\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}
