import assert from 'node:assert/strict';
import { appendFile, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { verifyRun } from '../../src/archive/index.ts';
import { attempt, attemptLine, recordAttempts, verified } from '../summary/reconciliation-attempts.ts';
import { scratchDir, sealRun, sizeOf, writeRun } from './sealed-run.ts';
import { changed, itemsOf, sealedRun } from './tampering.ts';

const LOG = 'logs/reconciliation.log';
const FIRST = attemptLine(attempt(), '2026-11-22T15:00:03.000Z');
const SECOND = attemptLine(verified(), '2026-11-22T16:01:13.000Z');

async function reconciledRun(t: TestContext): Promise<string> {
  const runDir = await sealedRun(t);
  await recordAttempts(runDir, [FIRST]);
  await recordAttempts(runDir, [SECOND]);
  return runDir;
}

test('a reconciled run verifies after each attempt, and its archive alone as before', async (t) => {
  const runDir = await sealedRun(t);
  await recordAttempts(runDir, [FIRST]);
  assert.deepEqual((await verifyRun(runDir)).items, []);
  await recordAttempts(runDir, [SECOND]);
  const report = await verifyRun(runDir);
  assert.deepEqual([report.items, report.notes], [[], []]);
  assert.equal(report.checked.reconciliation_attempts, 2);
  const alone = await verifyRun(join(runDir, 'run.tar.gz'));
  assert.deepEqual([alone.items, alone.checked.reconciliation_attempts], [[], 0]);
});

test('one flipped bit in any file written by reconciliation is reported with the file name', async (t) => {
  const runDir = await reconciledRun(t);
  for (const file of [LOG, 'metadata.json', 'metrics.json', 'logs_summary.txt']) {
    const bytes = await sizeOf(join(runDir, file));
    for (let at = 0; at < bytes; at += 1 + Math.floor(bytes / 60)) {
      await changed(
        join(runDir, file),
        (data) => void (data[at] = (data[at] ?? 0) ^ (1 << (at % 7))),
        async () => {
          const items = await itemsOf(runDir);
          assert.ok(
            items.some((item) => item.startsWith(file)),
            `byte ${at} of ${file}: ${items.join('; ')}`,
          );
        },
      );
    }
  }
});

test('verify checks every reconciliation field of metadata.json', async (t) => {
  const runDir = await reconciledRun(t);
  const path = join(runDir, 'metadata.json');
  const text = await readFile(path, 'utf8');
  const start = text.indexOf('"reconciliation"');
  for (let at = start; at < text.length; at += 3) {
    await changed(
      path,
      (data) => void (data[at] = (data[at] ?? 0) ^ (1 << (at % 7))),
      async () => assert.equal((await verifyRun(runDir)).ok, false, `byte ${at}: ${text.slice(at, at + 20)}`),
    );
  }
});

test('a longer, shorter, changed or missing reconciliation log is a difference', async (t) => {
  const runDir = await reconciledRun(t);
  const log = join(runDir, LOG);
  const bytes = await sizeOf(log);
  const third = attemptLine(attempt({ attempt: 3, state: 'mismatch' }), '2026-11-22T17:00:00.000Z');
  await changed(
    log,
    (data) => Buffer.concat([data, Buffer.from(third)]),
    async () => {
      const { items } = await verifyRun(runDir);
      assert.deepEqual(
        items.map(({ item }) => item),
        [LOG],
        'what metadata.json vouches for is unchanged, and so is what was derived from it',
      );
      assert.equal(items[0]?.expected, `${bytes} bytes, as metadata.json recorded`);
      assert.match(items[0]?.actual ?? '', /^\d+ bytes: an attempt was cut off or is going on, or somebody appended/);
    },
  );
  await changed(
    log,
    (data) => data.subarray(0, FIRST.length),
    async () => {
      const items = await itemsOf(runDir);
      for (const item of [LOG, `${LOG} sha256`, 'metadata.json reconciliation.attempts', 'metrics.json verification_status']) {
        assert.ok(items.includes(item), `${item} in ${items.join('; ')}`);
      }
    },
  );
  await changed(
    log,
    (data) => Buffer.from(data.toString().replaceAll('"input_tokens":9000', '"input_tokens":9001')),
    async () => {
      const items = await itemsOf(runDir);
      assert.ok(items.includes(`${LOG} sha256`));
      assert.ok(items.some((item) => item.startsWith('metrics.json usage_api_reconciliation.last_reading.total.input_tokens')));
      assert.ok(items.some((item) => item.startsWith('logs_summary.txt RECONCILIATION SUMMARY')));
    },
  );
  await rm(log);
  const { items } = await verifyRun(runDir);
  assert.deepEqual(items[0], { item: LOG, expected: `${bytes} bytes, as metadata.json recorded`, actual: 'missing' });
});

test('an attempt interrupted before metadata.json recorded it is reported', async (t) => {
  const runDir = await sealedRun(t);
  await writeFile(join(runDir, LOG), FIRST);
  const { items } = await verifyRun(runDir);
  assert.equal(items.length, 1);
  assert.deepEqual([items[0]?.item, items[0]?.expected], [LOG, '0 bytes, as metadata.json recorded']);
});

test('hand-edited figures are found by comparing them with the intact log', async (t) => {
  const runDir = await reconciledRun(t);
  await changed(
    join(runDir, 'metrics.json'),
    (data) => Buffer.from(data.toString().replace('"verification_status": "verified"', '"verification_status": "mismatch"')),
    async () =>
      assert.deepEqual(await verifyRun(runDir).then(({ items }) => items[0]), {
        item: 'metrics.json verification_status',
        expected: '"mismatch"',
        actual: '"verified"',
      }),
  );
  await changed(
    join(runDir, 'logs_summary.txt'),
    (data) => Buffer.from(data.toString().replace('Within Threshold: YES', 'Within Threshold: NO')),
    async () =>
      assert.deepEqual(await itemsOf(runDir), [
        'logs_summary.txt RECONCILIATION SUMMARY: Token Reconciliation: Within Threshold',
      ]),
  );
});

test('removing the reconciliation from metadata.json is detected by comparing with the log', async (t) => {
  const runDir = await sealedRun(t);
  const before = await Promise.all(
    ['metadata.json', 'metrics.json', 'logs_summary.txt'].map((file) => readFile(join(runDir, file))),
  );
  await recordAttempts(runDir, [FIRST]);
  for (const [index, file] of ['metadata.json', 'metrics.json', 'logs_summary.txt'].entries()) {
    await writeFile(join(runDir, file), before[index] ?? '');
  }
  assert.deepEqual(await itemsOf(runDir), [LOG]);
});

test('the reconciliation log of another run is reported', async (t) => {
  const runDir = await sealedRun(t);
  await recordAttempts(runDir, [attemptLine(attempt(), '2026-11-22T15:00:03.000Z', '20261122-000000-aaaa')]);
  assert.deepEqual(await itemsOf(runDir), ['records of another run']);
});

test('a damaged line that predates the recorded attempt is not a difference', async (t) => {
  const runDir = await sealedRun(t);
  await recordAttempts(runDir, [`${FIRST.slice(0, 80)}\n`, SECOND]);
  assert.deepEqual(await itemsOf(runDir), []);
});

test('verify notes that a clone without logs cannot check attempts', async (t) => {
  const runDir = await reconciledRun(t);
  const clone = join(scratchDir(t), '20261122-141503-k3f9');
  await mkdir(clone);
  for (const file of [
    'metadata.json',
    'metrics.json',
    'logs_summary.txt',
    'config.yaml',
    'commit.txt',
    'hitl_events.jsonl',
    'run.tar.gz',
  ])
    await copyFile(join(runDir, file), join(clone, file));
  const report = await verifyRun(clone);
  assert.deepEqual(report.items, []);
  assert.equal(report.notes.length, 1);
  assert.match(report.notes[0] ?? '', /reconciliation\.log is not here/);
  assert.equal(report.checked.reconciliation_attempts, 0);
});

test('what the run itself wrote to reconciliation.log is sealed with it', async (t) => {
  const runDir = join(scratchDir(t), '20261122-141503-k3f9');
  await writeRun(runDir);
  const own = { level: 'info', timestamp: '2026-11-22T14:19:00.000Z', module: 'mine', component: 'reconciliation' };
  const place = { run_id: '20261122-141503-k3f9', framework: 'baseline', step: null };
  await writeFile(join(runDir, LOG), `${JSON.stringify({ ...own, ...place, event: 'log', message: 'noted', metadata: {} })}\n`);
  await sealRun(runDir);
  assert.deepEqual(await itemsOf(runDir), []);
  await recordAttempts(runDir, [FIRST]);
  assert.deepEqual(await itemsOf(runDir), []);
  await appendFile(join(runDir, LOG), 'x');
  assert.ok((await itemsOf(runDir)).includes(LOG));
});

test('a run recorded before framework phases existed still verifies', async (t) => {
  const runDir = join(scratchDir(t), '20261122-141503-k3f9');
  await writeRun(runDir);
  await sealRun(runDir, {}, '1.1');
  assert.doesNotMatch(await readFile(join(runDir, 'metrics.json'), 'utf8'), /phases/);
  assert.deepEqual(await itemsOf(runDir), []);
});

test('a run of the first format with a shorter metrics.json still verifies, reconciled or not', async (t) => {
  const runDir = join(scratchDir(t), '20261122-141503-k3f9');
  await writeRun(runDir);
  await sealRun(runDir, {}, '1.0');
  assert.deepEqual(await itemsOf(runDir), []);
  await changed(
    join(runDir, 'metrics.json'),
    (data) => Buffer.from(data.toString().replace('"UTT": 1', '"UTT": 2')),
    async () => assert.ok((await itemsOf(runDir)).includes('metrics.json aggregate_metrics.UTT')),
  );
  for (const [from, to] of [
    ['in other words', 'in yet others'],
    ['Archive: run.tar.gz', 'Archive: run.tar.xz'],
  ] as const) {
    await changed(
      join(runDir, 'logs_summary.txt'),
      (data) => Buffer.from(data.toString().replace(from, to)),
      async () => assert.equal((await itemsOf(runDir)).length, 1, `${from} is compared with the sealed copy`),
    );
  }
  assert.match((await verifyRun(runDir)).notes[0] ?? '', /rendered by a stepwell of format 1\.0/);
  await recordAttempts(runDir, [FIRST]);
  assert.deepEqual(await itemsOf(runDir), []);
});
