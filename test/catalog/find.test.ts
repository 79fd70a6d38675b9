import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findRun, listRuns, openRun, updateManifest } from '../../src/catalog/index.ts';
import { readRecords } from '../../src/store/index.ts';
import { writeOriginalRun, writeRun, writeTree } from './fixtures.ts';

const ORIGINAL = '7f0c9a52-5a0e-4c1c-9f37-0d7a3b1fe1aa';

describe('findRun', () => {
  let root: string;
  let runsDir: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'stepwell-find-'));
    runsDir = join(root, 'runs');
    writeRun(runsDir, { runId: '20261122-141503-k3f9', startedAt: '2026-11-22T14:15:03.000Z' });
    writeRun(runsDir, { runId: '20261122-141604-x2y7', startedAt: '2026-11-22T14:16:04.000Z' });
    writeRun(runsDir, { runId: '20261120-141604-2026', startedAt: '2026-11-20T14:16:04.000Z', framework: 'mytool' });
    writeOriginalRun(runsDir);
    writeTree(root, { 'alone/run.tar.gz': 'not opened by find', 'other/file.txt': '' });
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  const foundBy = async (name: string, cwd = root): Promise<string> => {
    const found = await findRun(runsDir, name, cwd);
    return found.kind === 'archive' ? found.archive : found.entry.run_id;
  };

  for (const [name, id] of [
    ['20261122-141503-k3f9', '20261122-141503-k3f9'],
    ['20261122-1415', '20261122-141503-k3f9'],
    ['k3f9', '20261122-141503-k3f9'],
    ['latest', '20261122-141604-x2y7'],
    ['mytool/latest', '20261120-141604-2026'],
    ['mytool/2026', '20261120-141604-2026'],
    ['baseline/20261122-141503-k3f9', '20261122-141503-k3f9'],
    ['7f0', ORIGINAL],
    ['runs/baseline/20261122-141503-k3f9', '20261122-141503-k3f9'],
    ['./runs/baseline/20261122-141503-k3f9/', '20261122-141503-k3f9'],
    [`runs/chatdev/${ORIGINAL}`, ORIGINAL],
  ] as const) {
    test(`finds ${id} by ${name}`, async () => assert.equal(await foundBy(name), id));
  }

  test('finds a run by the current directory, and an archive by its path or its directory', async () => {
    assert.equal(await foundBy('.', join(runsDir, 'baseline/20261122-141503-k3f9')), '20261122-141503-k3f9');
    assert.equal(await foundBy('alone/run.tar.gz'), join(root, 'alone/run.tar.gz'));
    assert.equal(await foundBy('alone'), join(root, 'alone/run.tar.gz'));
  });

  test('an ambiguous name lists the candidates', async () => {
    await assert.rejects(foundBy('2026'), (error: { code: string; fix: string; exitCode: number }) => {
      assert.equal(error.code, 'RUN_AMBIGUOUS');
      assert.equal(error.exitCode, 2);
      assert.match(error.fix, /mytool\/20261120-141604-2026/);
      assert.match(error.fix, /baseline\/20261122-141503-k3f9/);
      return true;
    });
  });

  test('an unknown name lists the latest runs, newest first', async () => {
    await assert.rejects(foundBy('zzzz'), (error: { code: string; message: string; fix: string }) => {
      assert.equal(error.code, 'RUN_NOT_FOUND');
      assert.match(error.message, /"zzzz"/);
      assert.ok(error.fix.indexOf('x2y7') < error.fix.indexOf('k3f9'));
      return true;
    });
    await assert.rejects(foundBy(''), { code: 'RUN_NOT_FOUND' });
    await assert.rejects(foundBy('0c9a'), { code: 'RUN_NOT_FOUND' }, 'the middle of a name is no name');
  });

  test('a path that is not a run is rejected with the reason', async () => {
    await assert.rejects(foundBy('./other'), { code: 'NOT_A_RUN', message: /no logs and no metadata/ });
    await assert.rejects(foundBy('./absent'), { code: 'NOT_A_RUN', message: /it does not exist/ });
    await assert.rejects(foundBy('./other/file.txt'), { code: 'NOT_A_RUN', message: /not a run\.tar\.gz/ });
  });

  test('an empty or missing runs directory is an error that says how to start', async () => {
    await assert.rejects(findRun(join(root, 'none'), 'latest'), { code: 'NO_RUNS', message: /none/ });
  });

  test('a run of the original system is read, with null for missing fields', async () => {
    await using source = await openRun(await findRun(runsDir, ORIGINAL));
    const lines: string[] = [];
    for await (const item of readRecords(source)) {
      assert.ok('record' in item);
      lines.push(`${item.record.level} ${item.record.component} ${item.record.step} ${item.record.event} ${item.record.message}`);
    }
    assert.deepEqual(lines, [
      'info run null run_start Starting run',
      'warn orchestrator 1 log Retrying step',
      'debug adapter 1 log Invoking',
      'info orchestrator 1 step_complete Step complete',
      'info run null run_complete Run completed',
    ]);
  });

  test('a run directory cloned from git, without logs and archive, is an error that names the reason', async () => {
    const dir = writeRun(runsDir, { runId: '20250101-000000-gitt', startedAt: '2025-01-01T00:00:00.000Z' });
    rmSync(join(dir, 'logs'), { recursive: true });
    const found = await findRun(runsDir, 'gitt');
    await assert.rejects(openRun(found), { code: 'RUN_WITHOUT_LOGS' });
    rmSync(dir, { recursive: true });
  });
});

describe('listRuns', () => {
  let runsDir: string;
  before(() => {
    runsDir = mkdtempSync(join(tmpdir(), 'stepwell-list-'));
  });
  after(() => rmSync(runsDir, { recursive: true, force: true }));

  const states = async (): Promise<Record<string, string>> =>
    Object.fromEntries((await listRuns(runsDir)).runs.map((run) => [run.entry.run_id.slice(-4), run.state]));

  test('live, crashed, finished and missing runs have different states', async () => {
    writeRun(runsDir, { runId: '20261122-141503-done' });
    const live = writeRun(runsDir, { runId: '20261122-141503-live', status: 'running' });
    writeRun(runsDir, { runId: '20261122-141503-lost', status: 'running' });
    await updateManifest(runsDir, {
      ...(await listRuns(runsDir)).runs[0]!.entry,
      path: 'baseline/20261122-141503-gone',
      run_id: '20261122-141503-gone',
    });
    mkdirSync(join(runsDir, 'baseline/not-a-run'));
    writeFileSync(join(runsDir, 'baseline/notes.txt'), '');

    const store = new URL('../../src/store/index.ts', import.meta.url).href;
    const script = `import { acquireLease } from ${JSON.stringify(store)};
      await acquireLease(process.argv[1], { runId: 'r' }); process.stdout.write('leased'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, live], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    assert.deepEqual(await states(), { done: 'finished', live: 'live', lost: 'crashed', gone: 'missing' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    assert.deepEqual(await states(), { done: 'finished', live: 'crashed', lost: 'crashed', gone: 'missing' });
  });

  test('a run that has just started is the latest by its name', async () => {
    mkdirSync(join(runsDir, 'baseline/20990101-000000-born/.stepwell'), { recursive: true });
    const { runs } = await listRuns(runsDir);
    assert.equal(runs.at(-1)?.entry.run_id, '20990101-000000-born');
    rmSync(join(runsDir, 'baseline/20990101-000000-born'), { recursive: true });
  });

  test('a damaged index is ignored, and the reason is reported', async () => {
    renameSync(join(runsDir, 'runs_manifest.json'), join(runsDir, 'kept.json'));
    writeFileSync(join(runsDir, 'runs_manifest.json'), '{');
    const list = await listRuns(runsDir);
    assert.equal(list.unusedIndex, 'is damaged: it is not JSON');
    assert.equal(list.runs.length, 3);
  });
});
