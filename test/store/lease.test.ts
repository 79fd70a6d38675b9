import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { acquireLease, currentProcess, LEASE_FILE, leaseState, processState, readLease } from '../../src/store/index.ts';

const linuxOnly = { skip: process.platform !== 'linux' && 'needs /proc' };

async function runDir(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'stepwell-lease-'));
  t.after(async () => await rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Puts a lease there that another process holds. */
async function leaseOf(dir: string, holder: object): Promise<void> {
  await mkdir(join(dir, '.stepwell'), { recursive: true });
  const lease = { ...currentProcess(), run_id: 'r', acquired_at: '2026-01-01T00:00:00.000Z', token: 'other', ...holder };
  await writeFile(join(dir, LEASE_FILE), JSON.stringify(lease));
}

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid!;
}

test('a held lease is live, names its process, and is removed on release', async (t) => {
  const dir = await runDir(t);
  const held = await acquireLease(dir, { runId: 'r' });
  const lease = await readLease(dir);
  assert.ok(lease !== null && lease !== 'damaged');
  assert.deepEqual([lease.pid, lease.run_id, leaseState(lease)], [process.pid, 'r', 'live']);
  await assert.rejects(acquireLease(dir, { runId: 'r' }), { code: 'RUN_LIVE' });
  await assert.rejects(acquireLease(dir, { runId: 'r', force: true }), { code: 'RUN_LIVE' });
  await held.release();
  assert.equal(await readLease(dir), null);
});

test('the lease of a live run is kept, and that of a dead run is taken over', async (t) => {
  const dir = await runDir(t);
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 1e6); console.log("up")'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  await leaseOf(dir, { pid: child.pid, process_start: null });
  await assert.rejects(acquireLease(dir, { runId: 'r' }), { code: 'RUN_LIVE' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const held = await acquireLease(dir, { runId: 'r' });
  assert.equal(held.previous !== null && held.previous !== 'damaged' && held.previous.pid, child.pid);
});

test('a reused pid is recognized by the start time of its process', linuxOnly, () => {
  const self = currentProcess();
  assert.equal(processState(self), 'live');
  assert.equal(processState({ ...self, process_start: String(Number(self.process_start) - 1) }), 'dead');
});

test('a zombie process counts as dead', linuxOnly, async () => {
  // The shell becomes sleep, which never waits for the child it inherits.
  const parent = spawn('sh', ['-c', 'sh -c "exit 0" & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  const deadline = performance.now() + 10_000;
  while (processState({ ...currentProcess(), pid, process_start: null }) === 'live' && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(processState({ ...currentProcess(), pid, process_start: null }), 'dead');
  parent.kill('SIGKILL');
});

test('after a reboot the run is dead even if its pid is in use', () => {
  assert.equal(
    processState({ ...currentProcess(), boot_id: 'another boot', pid_namespace: 'pid:[1]' }),
    currentProcess().boot_id === null ? 'live' : 'dead',
  );
});

test('a process of another host, machine or pid namespace has an unknown state', async (t) => {
  const self = currentProcess();
  const pid = await deadPid();
  assert.equal(processState({ ...self, pid, host: 'elsewhere' }), 'foreign_host');
  assert.equal(processState({ ...self, pid, machine_id: 'a' }, { ...self, machine_id: 'b' }), 'foreign_host');
  assert.equal(processState({ ...self, pid, pid_namespace: 'pid:[1]' }, { ...self, pid_namespace: 'pid:[2]' }), 'foreign_host');
  const dir = await runDir(t);
  await leaseOf(dir, { pid, host: 'elsewhere' });
  await assert.rejects(acquireLease(dir, { runId: 'r' }), { code: 'RUN_OWNED_BY_OTHER_HOST' });
  await acquireLease(dir, { runId: 'r', force: true });
});

test('a damaged lease counts as dead', async (t) => {
  const dir = await runDir(t);
  await mkdir(join(dir, '.stepwell'));
  await writeFile(join(dir, LEASE_FILE), '{');
  assert.equal(await readLease(dir), 'damaged');
  assert.equal(leaseState('damaged'), 'dead');
  assert.equal((await acquireLease(dir, { runId: 'r' })).previous, 'damaged');
});

test('only one of many concurrent processes acquires the lease', async (t) => {
  const dir = await runDir(t);
  await leaseOf(dir, { pid: await deadPid(), process_start: null });
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => acquireLease(dir, { runId: 'r' })));
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
});
