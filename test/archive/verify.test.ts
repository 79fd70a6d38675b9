import assert from 'node:assert/strict';
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { verifyRun } from '../../src/archive.ts';
import { scratchDir, sealRun, sizeOf, writeRun } from './sealed-run.ts';

async function sealedRun(t: TestContext): Promise<string> {
  const runDir = join(scratchDir(t), '20261122-141503-k3f9');
  await writeRun(runDir);
  await sealRun(runDir);
  return runDir;
}

/** Puts the file back whatever happens meanwhile. */
async function changed(path: string, change: (data: Buffer) => Buffer | void, check: () => Promise<void>): Promise<void> {
  const data = await readFile(path);
  const copy = Buffer.from(data);
  await writeFile(path, change(copy) ?? copy);
  await check();
  await writeFile(path, data);
}

const itemsOf = async (path: string): Promise<string[]> => (await verifyRun(path)).items.map((found) => found.item);

test('a sealed run verifies, as a directory and as an archive alone, and everything was looked at', async (t) => {
  const runDir = await sealedRun(t);
  const report = await verifyRun(runDir);
  assert.deepEqual(report.items, []);
  assert.equal(report.ok, true);
  for (const [thing, count] of Object.entries(report.checked)) assert.ok(count > 0, thing);
  assert.deepEqual((await verifyRun(join(runDir, 'run.tar.gz'))).items, []);
});

test('one flipped bit anywhere in the archive is found', async (t) => {
  const runDir = await sealedRun(t);
  const archive = join(runDir, 'run.tar.gz');
  const bytes = await sizeOf(archive);
  // Every byte of the first and last members' frames, every third of what lies between; all of them passed once.
  for (let at = 0; at < bytes; at += at < 40 || at > bytes - 40 ? 1 : 3) {
    await changed(
      archive,
      (data) => void (data[at] = (data[at] ?? 0) ^ (1 << (at % 8))),
      async () => assert.equal((await verifyRun(runDir)).ok, false, `byte ${at} of ${bytes}`),
    );
  }
});

test('one flipped bit in any sealed file beside the archive is found, and the file is named', async (t) => {
  const runDir = await sealedRun(t);
  const sealed = [
    'commit.txt',
    'config.yaml',
    'hitl_events.jsonl',
    'logs_summary.txt',
    'metadata.json',
    'metrics.json',
    'workspace/start.sh',
  ];
  for (const file of [...sealed, 'logs/step_001/orchestrator.log', 'logs/step_001/adapter.log']) {
    const bytes = await sizeOf(join(runDir, file));
    for (let at = 0; at < bytes; at += 1 + Math.floor(bytes / 120)) {
      await changed(
        join(runDir, file),
        (data) => void (data[at] = (data[at] ?? 0) ^ (1 << (at % 7))),
        async () =>
          assert.ok(
            (await itemsOf(runDir)).some((item) => item.startsWith(file)),
            `byte ${at} of ${file}`,
          ),
      );
    }
  }
});

test('a number changed in the summary is named with what is printed and what the logs say', async (t) => {
  const runDir = await sealedRun(t);
  await changed(
    join(runDir, 'logs_summary.txt'),
    (data) => Buffer.from(data.toString().replace('Steps Completed: 1/1', 'Steps Completed: 0/1')),
    async () => {
      const { ok, items } = await verifyRun(runDir);
      assert.equal(ok, false);
      assert.deepEqual(items, [
        {
          item: 'logs_summary.txt FINAL METRICS: Steps Completed',
          expected: 'Steps Completed: 0/1',
          actual: 'Steps Completed: 1/1',
        },
      ]);
    },
  );
});

test('a number changed in metrics.json is named by its path', async (t) => {
  const runDir = await sealedRun(t);
  await changed(
    join(runDir, 'metrics.json'),
    (data) => Buffer.from(data.toString().replace('"UTT": 1', '"UTT": 2')),
    async () => {
      const found = (await verifyRun(runDir)).items[0];
      assert.deepEqual(found, { item: 'metrics.json aggregate_metrics.UTT', expected: '2', actual: '1' });
    },
  );
});

test('a fact of metadata.json that only its copy in the archive confirms is named', async (t) => {
  const runDir = await sealedRun(t);
  await changed(
    join(runDir, 'metadata.json'),
    (data) => Buffer.from(data.toString().replace('"hostname": "h"', '"hostname": "x"')),
    async () =>
      assert.deepEqual((await verifyRun(runDir)).items, [
        { item: 'metadata.json host.hostname', expected: '"x"', actual: '"h"' },
      ]),
  );
});

test('log files may grow after sealing but not lose or change what was sealed', async (t) => {
  const runDir = await sealedRun(t);
  const log = join(runDir, 'logs/step_001/adapter.log');
  await changed(
    log,
    (data) => Buffer.concat([data, Buffer.from('later\n')]),
    async () => assert.deepEqual(await itemsOf(runDir), []),
  );
  await changed(
    log,
    (data) => data.subarray(0, -1),
    async () => assert.deepEqual(await itemsOf(runDir), ['logs/step_001/adapter.log on disk']),
  );
  await rm(log);
  assert.deepEqual(await itemsOf(runDir), ['logs/step_001/adapter.log on disk']);
});

test('a clone without logs and workspace verifies from the archive alone', async (t) => {
  const runDir = await sealedRun(t);
  await rm(join(runDir, 'logs'), { recursive: true });
  await rm(join(runDir, 'workspace'), { recursive: true });
  await rm(join(runDir, '.stepwell'), { recursive: true });
  assert.deepEqual(await itemsOf(runDir), []);
});

test('a record number that is missing from the logs is reported', async (t) => {
  const runDir = join(scratchDir(t), 'run');
  await writeRun(runDir, { skipSeq: 4 });
  await sealRun(runDir);
  const { items } = await verifyRun(runDir);
  assert.deepEqual(items, [{ item: 'records of writer abc123', expected: 'every number once', actual: 'number 4 is missing' }]);
});

test('a missing archive, a cut one and another file in its place are differences; an unsealed run is an error', async (t) => {
  const runDir = await sealedRun(t);
  const archive = join(runDir, 'run.tar.gz');
  await changed(
    archive,
    () => Buffer.from('not an archive at all'),
    async () => {
      assert.deepEqual(await itemsOf(runDir), ['run.tar.gz content', 'run.tar.gz sha256']);
    },
  );
  await truncate(archive, (await sizeOf(archive)) - 100);
  assert.deepEqual(await itemsOf(runDir), ['run.tar.gz content', 'run.tar.gz sha256']);
  await rm(archive);
  assert.deepEqual(await itemsOf(runDir), ['run.tar.gz']);

  const unsealed = join(scratchDir(t), 'unsealed');
  await mkdir(unsealed);
  await assert.rejects(verifyRun(unsealed), { code: 'ARCHIVE_MISSING' });
});
