import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { currentProcess, withFileLock } from '../../src/store/index.ts';

async function directory(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'stepwell-lock-'));
  t.after(async () => await rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Adds one to the number in a file, slowly enough that two at once would lose one. */
async function increment(counter: string): Promise<void> {
  const value = Number(await readFile(counter, 'utf8'));
  await new Promise((resolve) => setImmediate(resolve));
  await writeFile(counter, String(value + 1));
}

const STORE = new URL('../../src/store/index.ts', import.meta.url).href;

/** A process that takes the lock `times` times and counts; with `die`, it dies while it holds the last one. */
function counting(dir: string, times: number, die: boolean): ReturnType<typeof spawn> {
  const program = `
    import { readFile, writeFile } from 'node:fs/promises';
    const { withFileLock } = await import(${JSON.stringify(STORE)});
    for (let i = 0; i < ${times}; i++) await withFileLock(${JSON.stringify(join(dir, 'lock'))}, async () => {
      const value = Number(await readFile(${JSON.stringify(join(dir, 'counter'))}, 'utf8'));
      await writeFile(${JSON.stringify(join(dir, 'counter'))}, String(value + 1));
      if (${die} && i === ${times - 1}) process.kill(process.pid, 'SIGKILL');
    });`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'inherit', 'inherit'] });
}

test('calls of one process exclude each other', async (t) => {
  const dir = await directory(t);
  const counter = join(dir, 'counter');
  await writeFile(counter, '0');
  await Promise.all(Array.from({ length: 20 }, () => withFileLock(join(dir, 'lock'), async () => await increment(counter))));
  assert.equal(await readFile(counter, 'utf8'), '20');
  assert.deepEqual(await readdir(dir), ['counter']);
});

test('processes exclude each other even when some die while holding the lock', async (t) => {
  const dir = await directory(t);
  await writeFile(join(dir, 'counter'), '0');
  const children = [counting(dir, 10, false), counting(dir, 5, true), counting(dir, 10, false), counting(dir, 5, true)];
  await Promise.all(children.map((child) => once(child, 'exit')));
  await withFileLock(join(dir, 'lock'), async () => {});
  assert.equal(await readFile(join(dir, 'counter'), 'utf8'), '30');
  assert.deepEqual(
    (await readdir(dir)).filter((name) => !name.endsWith('.new')),
    ['counter'],
  );
});

test('a lock is freed even when the process that was freeing it has died', async (t) => {
  const dir = await directory(t);
  const lock = join(dir, 'lock');
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await once(child, 'exit');
  const dead = { ...currentProcess(), pid: child.pid, process_start: null };
  // The holder, the remover of its lock, and the remover of that one's.
  for (const [path, token] of [
    [lock, 'a'],
    [`${lock}.a`, 'b'],
    [`${lock}.a.b`, 'c'],
  ] as const) {
    await writeFile(path, JSON.stringify({ ...dead, token }));
  }
  let holders = 0;
  const takes = Array.from({ length: 8 }, () =>
    withFileLock(lock, async () => {
      assert.equal(++holders, 1, 'one at a time');
      await new Promise((resolve) => setImmediate(resolve));
      holders--;
    }),
  );
  await Promise.all(takes);
  assert.deepEqual(await readdir(dir), []);
});

test('withFileLock waits for a lock held elsewhere and then names its holder in the error', async (t) => {
  const dir = await directory(t);
  const lock = join(dir, 'lock');
  const elsewhere = { ...currentProcess(), host: 'elsewhere', pid: 77, token: 'x' };
  await writeFile(lock, JSON.stringify(elsewhere));
  await assert.rejects(
    withFileLock(lock, async () => {}, { waitMs: 30 }),
    { code: 'LOCK_HELD', message: /process 77 on elsewhere/ },
  );
  assert.equal(JSON.parse(await readFile(lock, 'utf8')).token, 'x');
});

test('a lock torn by a power loss is freed once it is old', async (t) => {
  const dir = await directory(t);
  const lock = join(dir, 'lock');
  await writeFile(lock, '{"host":');
  await assert.rejects(
    withFileLock(lock, async () => {}, { waitMs: 30 }),
    { code: 'LOCK_HELD' },
  );
  const old = new Date(Date.now() - 60_000);
  await utimes(lock, old, old);
  assert.equal(await withFileLock(lock, async () => await Promise.resolve('mine'), { waitMs: 1000 }), 'mine');
});

test('the lock is freed when the work throws', async (t) => {
  const lock = join(await directory(t), 'lock');
  await assert.rejects(
    withFileLock(lock, () => Promise.reject(new Error('no'))),
    /no/,
  );
  await withFileLock(lock, async () => {}, { waitMs: 0 });
});
