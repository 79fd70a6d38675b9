import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { needsProc, newToken, processesWith, runShell } from '../processes.ts';

const openFiles = (): number => readdirSync('/proc/self/fd').length;

test('forty concurrent programs each get their own lines and leave no descriptor or process behind', needsProc, async () => {
  await runShell('true');
  const before = openFiles();
  const token = newToken();
  const results = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const script = `sleep ${token} & i=0; while [ $i -lt 20 ]; do echo ${index}; echo $i-${index} >&2; i=$((i+1)); done; exit ${index}`;
      return await runShell(`(${script}) & wait $!`, { stdin: 'not read', processTag: `run-${token}:${index}` });
    }),
  );
  for (const [index, { outcome, stdout, stderr, killed }] of results.entries()) {
    assert.deepEqual(outcome, { status: 'exited', exitCode: index });
    assert.deepEqual(
      stdout,
      Array.from({ length: 20 }, () => String(index)),
    );
    assert.deepEqual(
      stderr,
      Array.from({ length: 20 }, (_, line) => `${line}-${index}`),
    );
    assert.equal(killed.length, 1);
  }
  assert.deepEqual(processesWith(token), []);
  assert.equal(openFiles(), before);
});

test('programs that cannot be started leave no descriptor open', needsProc, async () => {
  await runShell('true', { command: ['no-such-program-anywhere'] });
  const before = openFiles();
  for (const command of [['no-such-program-anywhere'], ['/'], ['echo', '\0'], ['echo', 'x'.repeat(200_000)]] as const) {
    const { outcome } = await runShell('', { command: [...command] as [string], stdin: 'text' });
    assert.equal(outcome.status, 'spawn_failed');
  }
  // Sockets are closed in the turn after.
  await new Promise(setImmediate);
  assert.equal(openFiles(), before);
});
