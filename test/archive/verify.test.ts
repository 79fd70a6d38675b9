import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, copyFile, mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { packRun, readArchiveFacts, verifyRun } from '../../src/archive/index.ts';
import { openRunDirectory } from '../../src/store/index.ts';
import { foldRun, renderText } from '../../src/summary/index.ts';
import { archiveCreated, ENDED, scratchDir, sealRun, sizeOf, writeRun } from './sealed-run.ts';
import { changed, itemsOf, sealedRun } from './tampering.ts';

test('a sealed run verifies as a directory and as an archive alone, with everything counted', async (t) => {
  const runDir = await sealedRun(t);
  const report = await verifyRun(runDir);
  assert.deepEqual(report.items, []);
  assert.equal(report.ok, true);
  const { reconciliation_attempts, ...sealed } = report.checked;
  for (const [thing, count] of Object.entries(sealed)) assert.ok(count > 0, thing);
  assert.equal(reconciliation_attempts, 0);
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

test('a field of metadata.json that differs from its copy in the archive is named', async (t) => {
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
    (data) => Buffer.concat([data, Buffer.from('{"level":"info","timestamp":"2026-11-22T14:21:00.000Z","message":"later"}\n')]),
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

test('post-seal logs must be valid records that agree with the archive', async (t) => {
  const runDir = await sealedRun(t);
  const facts = await readArchiveFacts(join(runDir, 'run.tar.gz'));
  const after = async (text: string): Promise<string[]> => {
    const items: string[] = [];
    await changed(
      join(runDir, 'logs/run.log'),
      (data) => Buffer.concat([data, Buffer.from(text)]),
      async () => void items.push(...(await itemsOf(runDir))),
    );
    return items;
  };
  assert.deepEqual(await after(archiveCreated(facts)), []);
  assert.deepEqual(await after(archiveCreated({ ...facts, sha256: '0'.repeat(64) })), ['logs/run.log archive_created sha256']);
  const torn = '{"level":"inf\n';
  assert.deepEqual(await after(torn), ['logs/run.log after sealing']);
  assert.deepEqual(await after(torn + archiveCreated(facts).replace('archive_created', 'log.recovered')), []);
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

test('duplicate record numbers and a log file of another run are reported', async (t) => {
  const dir = scratchDir(t);
  const [twice, mixed] = [join(dir, 'twice'), join(dir, 'mixed')];
  for (const runDir of [twice, mixed]) await writeRun(runDir);
  const log = await readFile(join(twice, 'logs/step_001/adapter.log'), 'utf8');
  await appendFile(join(twice, 'logs/step_001/adapter.log'), log.split('\n')[0] + '\n');
  await sealRun(twice);
  assert.deepEqual(
    (await verifyRun(twice)).items.map(({ item, actual }) => [item, actual]),
    [['record numbers', 'number 8 of writer abc123 again, in logs/step_001/adapter.log line 3']],
  );

  await mkdir(join(mixed, 'logs/step_002'));
  const strange = log.replaceAll('20261122-141503-k3f9', '20261121-000000-aaaa').replaceAll('abc123', 'def456');
  await writeFile(
    join(mixed, 'logs/step_002/adapter.log'),
    strange.replaceAll(/"seq":\d+/g, (seq) => (seq === '"seq":8' ? '"seq":1' : '"seq":2')),
  );
  await sealRun(mixed);
  assert.deepEqual(
    (await verifyRun(mixed)).items.filter(({ item }) => item === 'records of another run'),
    [1, 2].map((line) => ({
      item: 'records of another run',
      expected: 'run 20261122-141503-k3f9',
      actual: `run 20261121-000000-aaaa, in logs/step_002/adapter.log line ${line}`,
    })),
  );
});

test('record numbers are complete even if the clock was set back before recovery', async (t) => {
  const runDir = join(scratchDir(t), 'run');
  await writeRun(runDir);
  const late = (seq: number): string =>
    `${JSON.stringify({ level: 'info', timestamp: `2020-01-01T00:00:0${seq}.000Z`, module: 'm', component: 'orchestrator', run_id: '20261122-141503-k3f9', framework: 'baseline', step: null, event: 'log', message: '', metadata: {}, seq, writer: 'zzz999' })}\n`;
  await appendFile(join(runDir, 'logs/run.log'), late(1));
  await appendFile(join(runDir, 'logs/step_001/orchestrator.log'), late(2));
  await sealRun(runDir);
  assert.deepEqual((await verifyRun(runDir)).items, []);
});

test('a record of another run in place of this one is found in the archive alone and in the whole directory', async (t) => {
  const dir = scratchDir(t);
  const [own, other] = [join(dir, '20261122-141503-k3f9'), join(dir, '20261122-150000-aaaa')];
  await writeRun(own);
  await writeRun(other, { runId: '20261122-150000-aaaa' });
  for (const runDir of [own, other]) {
    await sealRun(runDir);
    assert.deepEqual(await itemsOf(runDir), []);
  }
  const archive = await readFile(join(own, 'run.tar.gz'));
  await copyFile(join(other, 'run.tar.gz'), join(own, 'run.tar.gz'));
  assert.ok((await itemsOf(own)).includes('metadata.json run_id'));
  await writeFile(join(own, 'run.tar.gz'), archive);
  assert.deepEqual(await itemsOf(own), []);
  await rm(own, { recursive: true });
  await rename(other, own);
  assert.deepEqual((await verifyRun(own)).items, [
    { item: 'name of the run directory', expected: '20261122-141503-k3f9', actual: '20261122-150000-aaaa' },
  ]);
});

/** Changes made before packing, so that every digest is right: only the logs contradict them. */
const SEALED_WRONG: [what: string, file: string, change: (text: string) => string, named: string][] = [
  ['another commit', 'commit.txt', () => 'other\n', 'commit.txt'],
  ['another configuration', 'config.yaml', (text) => `${text}x: 1\n`, 'config.yaml sha256'],
  ['an answer that the logs have and the file has not', 'hitl_events.jsonl', () => '', 'hitl_events.jsonl answers'],
  ['an answer twice', 'hitl_events.jsonl', (text) => text + text, 'hitl_events.jsonl answers'],
  [
    'a field of the metrics twice',
    'metrics.json',
    (text) => text.replace('"UTT": 1,', '"UTT": 99,\n    "UTT": 1,'),
    'metrics.json in the archive form',
  ],
  [
    'a field of the metrics at another level',
    'metrics.json',
    (text) => text.replace(/"aggregate_metrics": \{\s*"UTT": 1,/, '"aggregate_metrics.UTT": 1,\n  "aggregate_metrics": {'),
    'metrics.json in the archive form',
  ],
  [
    'another figure in the summary',
    'logs_summary.txt',
    (text) => text.replace('Retries: 0', 'Retries: 1'),
    'logs_summary.txt in the archive FINAL METRICS: Retries',
  ],
  [
    'lines of the summary in another order',
    'logs_summary.txt',
    (text) => text.replace(/(Errors: 0\n)?(Model: .*\n)(Started: .*\n)/, '$3$2'),
    'logs_summary.txt in the archive',
  ],
];

for (const [what, file, change, named] of SEALED_WRONG) {
  test(`an archive with correct digests but ${what} does not verify`, async (t) => {
    const runDir = join(scratchDir(t), 'run');
    await writeRun(runDir);
    const metadata = await sealRun(runDir);
    await rm(join(runDir, 'run.tar.gz'));
    await using source = await openRunDirectory(runDir);
    await writeFile(join(runDir, 'logs_summary.txt'), renderText(await foldRun(source), null));
    const text = await readFile(join(runDir, file), 'utf8');
    assert.notEqual(change(text), text);
    await writeFile(join(runDir, file), change(text));
    await packRun({ runDir, exclude: [], modifiedAt: ENDED, sealed: { files: metadata.sealed?.files ?? {} }, metadata });
    assert.deepEqual(await itemsOf(join(runDir, 'run.tar.gz')), [named]);
  });
}

test('sealed metadata that contradicts the logs is named', async (t) => {
  const runDir = join(scratchDir(t), 'run');
  await writeRun(runDir);
  const metadata = await sealRun(runDir);
  await rm(join(runDir, 'run.tar.gz'));
  await using source = await openRunDirectory(runDir);
  await writeFile(join(runDir, 'logs_summary.txt'), renderText(await foldRun(source), null));
  const files = metadata.sealed?.files ?? {};
  const wrong = { ...metadata, status: 'failed', random_seed: 43, duration_seconds: 99 } as const;
  await packRun({ runDir, exclude: [], modifiedAt: ENDED, sealed: { files }, metadata: wrong });
  assert.deepEqual(
    (await itemsOf(join(runDir, 'run.tar.gz'))).toSorted(),
    ['duration_seconds', 'random_seed', 'status'].map((field) => `metadata.json in the archive ${field}`),
  );
});

test('an invalid UTF-8 byte is not equal to the replacement character', async (t) => {
  const runDir = join(scratchDir(t), 'run');
  await writeRun(runDir);
  const log = join(runDir, 'logs/run.log');
  await writeFile(log, (await readFile(log, 'utf8')).replace('"model":"rehearsal"', '"model":"m\ufffd"'));
  await sealRun(runDir);
  const items = await itemsOf(runDir);
  assert.equal(
    items.some((item) => item.startsWith('logs_summary.txt')),
    false,
    items.join(),
  );
  await changed(
    join(runDir, 'logs_summary.txt'),
    (data) => Buffer.from(data.toString('latin1').replace('\xef\xbf\xbd', '\xff'), 'latin1'),
    async () => assert.ok((await itemsOf(runDir)).some((item) => item.startsWith('logs_summary.txt'))),
  );
});

test('a missing, truncated or replaced archive is a difference; an unsealed run is an error', async (t) => {
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

test('a pipe or link in place of a file is a difference and is neither read nor followed', async (t) => {
  for (const file of ['metrics.json', 'logs_summary.txt', 'metadata.json', 'logs/run.log']) {
    const runDir = await sealedRun(t);
    const path = join(runDir, file);
    await rename(path, join(runDir, 'aside'));
    execFileSync('mkfifo', [path]);
    assert.ok(
      (await itemsOf(runDir)).some((item) => item.startsWith(file)),
      `${file} as a pipe`,
    );
    await rm(path);
    await symlink(join(runDir, 'aside'), path);
    assert.ok(
      (await itemsOf(runDir)).some((item) => item.startsWith(file)),
      `${file} as a link`,
    );
  }
});
