import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { newToken, needsProc, processesWith } from '../processes.ts';

const EXEC = new URL('../../../src/exec/index.ts', import.meta.url).href;

test('a process without free descriptors keeps running and ends the program as soon as one is free', needsProc, () => {
  const token = newToken();
  const program = `
    import { closeSync, openSync } from 'node:fs';
    import { setTimeout as wait } from 'node:timers/promises';
    const { killTagged, startProgram } = await import(${JSON.stringify(EXEC)});
    const program = startProgram({
      command: ['sleep', '${token}'], cwd: '/', env: { PATH: process.env.PATH }, graceMs: 50, processTag: 'test:${token}',
    });
    const taken = [];
    try { for (;;) taken.push(openSync('/dev/null')); } catch {}
    // Long enough for the watch to look more than once.
    await wait(100);
    const stopped = program.stop();
    const ended = killTagged('test:${token}', { graceMs: 50 });
    await wait(20);
    for (const fd of taken) closeSync(fd);
    const { outcome, survivors } = await stopped;
    process.stdout.write(JSON.stringify([outcome.status, survivors, (await ended).survivors]));`;
  const script = `ulimit -n 200; exec "$0" --input-type=module -e "$1"`;
  const output = execFileSync('sh', ['-c', script, process.execPath, program], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(output), ['canceled', [], []]);
  assert.deepEqual(processesWith(token), []);
});
