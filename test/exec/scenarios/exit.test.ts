/** What becomes of running programs when the process that started them goes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { killTagged } from '../../../src/exec/index.ts';
import { needsProc, newToken, processesWith, until } from '../processes.ts';

/** A process of its own that starts a program and then does `end`. */
function parent(token: string, end: string) {
  const script = `
    import { startProgram } from ${JSON.stringify(new URL('../../../src/exec/index.ts', import.meta.url).href)};
    startProgram({
      command: ['sh', '-c', "trap '' TERM; setsid sleep ${token} & echo up; sleep ${token}"],
      cwd: '/', env: { PATH: process.env.PATH }, graceMs: 60000, processTag: 'run-${token}:1',
      onLine() { ${end} },
    });`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
}

test('process.exit ends every running program', needsProc, async () => {
  const token = newToken();
  await once(parent(token, 'process.exit(5)'), 'exit');
  await until(() => processesWith(token).length === 0, 'all are gone');
});

test('after SIGKILL of the parent the process tag still finds its programs', needsProc, async () => {
  const token = newToken();
  await once(parent(token, "process.kill(process.pid, 'SIGKILL')"), 'exit');
  await until(() => processesWith(token).length >= 3, 'they run on');
  const { killed, survivors } = await killTagged(`run-${token}:`, { graceMs: 50 });
  assert.ok(killed.length >= 3, String(killed));
  assert.deepEqual(survivors, []);
  assert.deepEqual(processesWith(token), []);
});
