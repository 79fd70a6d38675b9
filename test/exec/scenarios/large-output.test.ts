/** Hundreds of megabytes of output, and lines without end: everything is kept, and memory does not grow with it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

/** Runs a shell script as a program from a fresh process, which reports what it saw and its own peak memory. */
async function measured(command: string, collect: string) {
  const script = `
    import { runProgram } from ${JSON.stringify(new URL('../../../src/exec/index.ts', import.meta.url).href)};
    const seen = { lines: 0, parts: 0, characters: 0, wrong: 0 };
    const before = process.resourceUsage().maxRSS;
    const result = await runProgram({
      command: ['sh', '-c', ${JSON.stringify(command)}], cwd: '/', env: { PATH: process.env.PATH }, graceMs: 100, processTag: 'flood:1',
      onLine({ text, part, lastPart }) { ${collect} },
    });
    console.log(JSON.stringify({ ...result, seen, grownKiB: process.resourceUsage().maxRSS - before }));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  return JSON.parse(stdout);
}

test('300 MB of output lines are read with bounded memory', async () => {
  const flood = await measured(
    "yes 'a line of output that a framework writes again and again when it has lost its way, one hundred bytes in al' | head -c 300000000",
    'seen.lines += 1; seen.characters += text.length + 1;',
  );
  assert.deepEqual(flood.outcome, { status: 'exited', exitCode: 0 });
  assert.equal(flood.stdoutBytes, 300_000_000);
  assert.equal(flood.stdoutLines, flood.seen.lines);
  assert.ok(Math.abs(flood.seen.characters - 300_000_000) <= 1);
  assert.ok(flood.grownKiB < 150 * 1024, `${flood.grownKiB} KiB more memory`);
});

test('a line of 100 MB is delivered in parts that each fit a record', async () => {
  const flood = await measured(
    "head -c 100000000 /dev/zero | tr '\\0' x; echo; printf end",
    `seen.characters += text.length; seen.lines += lastPart === false ? 0 : 1;
     if (part !== undefined && part !== ++seen.parts) seen.wrong += 1;
     if (text.length > 256 * 1024 - 4096) seen.wrong += 1;`,
  );
  assert.equal(flood.stdoutBytes, 100_000_004);
  assert.deepEqual({ ...flood.seen, parts: undefined }, { lines: 2, parts: undefined, characters: 100_000_003, wrong: 0 });
  assert.ok(flood.seen.parts > 390);
  assert.equal(flood.stdoutLines, 2);
  assert.ok(flood.grownKiB < 150 * 1024, `${flood.grownKiB} KiB more memory`);
});

test('a slow reader slows the program down instead of filling the memory', async () => {
  const flood = await measured(
    "yes 'output faster than it is read' | head -c 30000000",
    'seen.lines += 1; if (seen.lines % 20000 === 0) for (const end = Date.now() + 10; Date.now() < end; );',
  );
  assert.equal(flood.stdoutBytes, 30_000_000);
  assert.equal(flood.stdoutLines, flood.seen.lines);
  assert.ok(flood.grownKiB < 100 * 1024, `${flood.grownKiB} KiB more memory`);
});
