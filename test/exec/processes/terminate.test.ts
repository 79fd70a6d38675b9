/** Frameworks that do not want to end. What is left is counted in /proc, not asked of the code under test. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { killTagged } from '../../../src/exec/index.ts';
import { needsProc, newToken, processesWith, runShell, until } from '../processes.ts';

const dir = mkdtempSync(join(tmpdir(), 'stepwell-test-'));
after(() => rmSync(dir, { recursive: true }));

/** Runs a script until it says `up`, aborts it, and returns its result. */
async function abortWhenUp(script: string, graceMs = 100, env: Record<string, string> = {}) {
  const controller = new AbortController();
  const result = await runShell(script, {
    graceMs,
    signal: controller.signal,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    onLine: ({ text }) => text === 'up' && controller.abort(),
  });
  assert.deepEqual(result.outcome, { status: 'canceled' });
  return result;
}

test('a program and its children that ignore SIGTERM are killed after the grace period', needsProc, async () => {
  const token = newToken();
  const { killed, survivors } = await abortWhenUp(
    `trap '' TERM; sleep ${token} & sleep ${token} & echo up; sleep ${token}; sleep ${token}`,
  );
  assert.deepEqual(processesWith(token), []);
  assert.deepEqual(survivors, []);
  assert.ok(killed.length >= 4, String(killed));
});

test('a stopped program is resumed to receive SIGTERM', needsProc, async () => {
  const token = newToken();
  await abortWhenUp(`sleep ${token} & echo up; kill -STOP $!; kill -STOP $$`, 20_000);
  assert.deepEqual(processesWith(token), []);
});

test('orphaned children that left the session are ended', needsProc, async () => {
  const token = newToken();
  const { killed } = await abortWhenUp(
    `(setsid sh -c 'trap "" TERM; echo up; sleep ${token}; sleep ${token}' &) ; sleep ${token}`,
  );
  assert.deepEqual(processesWith(token), []);
  assert.ok(killed.length >= 3, String(killed));
});

test('a child that drops its environment but stays in the session is ended', needsProc, async () => {
  const token = newToken();
  await abortWhenUp(`(env -i /bin/sh -c 'trap "" TERM; echo up; sleep ${token}; exit' &) ; sleep ${token}`);
  assert.deepEqual(processesWith(token), []);
});

test('a child that drops its environment and leaves the session is ended while its parent lives', needsProc, async () => {
  const token = newToken();
  await abortWhenUp(`setsid env -i /bin/sh -c 'echo up; sleep ${token}; exit' & sleep ${token}`);
  assert.deepEqual(processesWith(token), []);
});

test('an orphaned child without environment or session is ended if it was seen before', needsProc, async () => {
  const token = newToken();
  await abortWhenUp(`sh -c 'setsid env -i sleep ${token} & sleep 2.5' & sleep 3; echo up; sleep ${token}`);
  assert.deepEqual(processesWith(token), []);
});

test('a background process that keeps stdout open does not delay the result', needsProc, async () => {
  const token = newToken();
  const result = await runShell(`setsid sleep ${token} & echo started`);
  assert.deepEqual(result.outcome, { status: 'exited', exitCode: 0 });
  assert.deepEqual(result.stdout, ['started']);
  assert.equal(result.killed.length, 1);
  assert.deepEqual(processesWith(token), []);
});

test('output of a background process is read to its end after the program has exited', async () => {
  const result = await runShell('(sleep 0.2; echo late) & echo early');
  assert.deepEqual(result.stdout, ['early', 'late']);
  assert.deepEqual(result.killed, []);
});

test('a background process with closed streams ends when the program ends', needsProc, async () => {
  const token = newToken();
  const result = await runShell(`sleep ${token} > /dev/null 2>&1 & exit 3`);
  assert.deepEqual(result.outcome, { status: 'exited', exitCode: 3 });
  assert.equal(result.killed.length, 1);
  assert.deepEqual(processesWith(token), []);
});

/** Each generation starts the next and ends at once; the last leaves a file, so that one that outran the kill is seen. */
function generations(name: string, next: string): { script: string; finished: string } {
  const script = join(dir, name);
  const finished = join(dir, `${name}.finished`);
  writeFileSync(
    script,
    `#!/bin/sh\ntrap '' TERM\n[ "$2" = 3000 ] && { : > ${finished}; exit; }\n${next} "$0" "$1" $(($2 + 1)) &\n`,
  );
  chmodSync(script, 0o755);
  return { script, finished };
}

for (const [name, next] of [
  ['forks while it is being ended', ''],
  ['forks into new sessions while it is being ended', 'setsid'],
] as const) {
  test(`a program that ${name}`, needsProc, async () => {
    const token = newToken();
    const { script, finished } = generations(next === '' ? 'fork' : 'setsid', next);
    const { survivors } = await abortWhenUp(`${script} ${token} 0; ${script} ${token} 0; echo up; sleep ${token}`, 50);
    assert.deepEqual(processesWith(token), []);
    assert.deepEqual(survivors, []);
    assert.ok(!existsSync(finished), 'it was not ended, it came to its own end');
  });
}

function startTagged(processTag: string, argument: string): void {
  spawn('sleep', [argument], { env: { ...process.env, STEPWELL_MARK: processTag }, stdio: 'ignore', detached: true }).unref();
}

test('killTagged finds exactly the processes that carry the tag or the run prefix', needsProc, async () => {
  const [token, other] = [newToken(), newToken()];
  startTagged(`run-${token}:a`, token);
  startTagged(`run-${token}:b`, token);
  startTagged(`run-${token}:b`, token);
  startTagged(`run-${token}0:a`, other);
  await until(() => processesWith(token).length === 3 + 1 && processesWith(other).length === 1, 'they run');

  assert.equal((await killTagged(`run-${token}:b`, { graceMs: 2000 })).killed.length, 2);
  assert.equal((await killTagged(`run-${token}:`, { graceMs: 2000 })).killed.length, 1);
  assert.deepEqual(await killTagged(`run-${token}:`, { graceMs: 2000 }), { killed: [], survivors: [] });
  assert.equal(processesWith(other).length, 1, 'another run with a longer id is not touched');
  assert.equal((await killTagged(`run-${token}0:a`, { graceMs: 2000 })).killed.length, 1);
});

test('killTagged also reports processes that were killed when a program with this tag ended', needsProc, async () => {
  const processTag = `run-${newToken()}:a`;
  const { killed } = await runShell(`sleep ${newToken()} > /dev/null 2>&1 & exit 0`, { processTag });
  assert.equal(killed.length, 1);
  assert.deepEqual(await killTagged(processTag, { graceMs: 100 }), { killed, survivors: [] });
  assert.deepEqual(await killTagged(processTag, { graceMs: 100 }), { killed: [], survivors: [] });
});

test('killTagged ends neither its own process nor programs with another tag', needsProc, async () => {
  const token = newToken();
  const script = `
    import { killTagged } from ${JSON.stringify(new URL('../../../src/exec/index.ts', import.meta.url).href)};
    const { spawn } = await import('node:child_process');
    spawn('sleep', ['${token}'], { stdio: 'ignore' });
    const ended = await killTagged('outer:', { graceMs: 100 });
    console.log(ended.killed.length, ended.survivors.length);
  `;
  const result = await runShell('exec "$NODE" --input-type=module -e "$SCRIPT"', {
    processTag: 'outer:1',
    env: { PATH: process.env['PATH'] ?? '', NODE: process.execPath, SCRIPT: script },
  });
  assert.deepEqual(result.stderr, []);
  assert.deepEqual([result.outcome, result.stdout], [{ status: 'exited', exitCode: 0 }, ['1 0']]);
});
