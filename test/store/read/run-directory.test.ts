import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, chmod, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openRunDirectory } from '../../../src/store/index.ts';
import { CONTRACT_FILES, describeSource, line, writeFiles } from '../source-contract.ts';

describeSource('directory', (runDir) => openRunDirectory(runDir));

describe('a run directory', () => {
  let dir: string;
  const runLog = CONTRACT_FILES['logs/run.log'] ?? '';

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'stepwell-source-'));
    await writeFiles(dir, CONTRACT_FILES);
    await writeFiles(dir, {
      'metadata.json': JSON.stringify({ sealed: { files: { 'logs/run.log': Buffer.byteLength(runLog) }, logged_after: [] } }),
      '.stepwell/lease.json': '{}',
    });
    await appendFile(join(dir, 'logs/run.log'), line({ event: 'archive_created' }));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  test('shows log files as they were sealed', async () => {
    await using source = await openRunDirectory(dir);
    assert.equal((await source.read('logs/run.log'))?.toString(), runLog);
    assert.deepEqual(await source.files('logs'), [{ path: 'logs/run.log', bytes: Buffer.byteLength(runLog) }]);
    assert.equal(await source.read('logs/step_001/adapter.log'), null, 'a log file that the seal does not name came later');
    const chunks: Buffer[] = [];
    for await (const chunk of source.stream('logs/run.log')) chunks.push(chunk);
    assert.equal(Buffer.concat(chunks).toString(), runLog);
    assert.equal((await source.read('metrics.json'))?.toString(), CONTRACT_FILES['metrics.json']);
  });

  test('shows everything when asked', async () => {
    await using source = await openRunDirectory(dir, { sealed: null });
    assert.match(String(await source.read('logs/run.log')), /archive_created/);
    assert.equal((await source.files('logs')).length, 3);
  });

  test('hides the private directory of a live run', async () => {
    await using source = await openRunDirectory(dir);
    assert.deepEqual(
      (await source.files()).filter((file) => file.path.startsWith('.stepwell')),
      [],
    );
  });

  test('an unreadable run is an error, never an empty run', async () => {
    await chmod(dir, 0o755);
    await using source = await openRunDirectory(dir);
    const asNobody = async (check: () => Promise<void>): Promise<void> => {
      // The superuser may read everything, so that rights are put aside meanwhile.
      const isRoot = process.geteuid?.() === 0;
      if (isRoot) process.seteuid?.(65534);
      try {
        await check();
      } finally {
        if (isRoot) process.seteuid?.(0);
      }
    };
    const unreadable = { code: 'RUN_UNREADABLE', message: /EACCES, at .*(logs|metadata\.json)/ };
    await chmod(join(dir, 'logs'), 0);
    await chmod(join(dir, 'metadata.json'), 0);
    try {
      await asNobody(async () => {
        await assert.rejects(source.files('logs'), unreadable);
        await assert.rejects(source.read('logs/run.log'), unreadable);
        await assert.rejects(openRunDirectory(dir), unreadable);
      });
    } finally {
      await chmod(join(dir, 'logs'), 0o755);
      await chmod(join(dir, 'metadata.json'), 0o644);
    }
    assert.equal(await source.read('n'.repeat(300)), null);
    assert.deepEqual(await source.files('metadata.json'), []);
  });

  test('only regular files are opened, even at the paths of known files', async (t) => {
    const strange = await mkdtemp(join(tmpdir(), 'stepwell-source-'));
    t.after(() => rm(strange, { recursive: true, force: true }));
    await writeFiles(strange, { 'logs/run.log': runLog, elsewhere: '{"sealed":{"files":{}}}' });
    execFileSync('mkfifo', [join(strange, 'metrics.json')]);
    await symlink(join(strange, 'elsewhere'), join(strange, 'metadata.json'));
    await symlink('/etc/hostname', join(strange, 'logs/adapter.log'));
    await using source = await openRunDirectory(strange);
    assert.equal(await source.read('metrics.json'), null);
    assert.equal(await source.read('metadata.json'), null);
    assert.equal(await source.open('logs/adapter.log'), null);
    assert.equal((await source.read('logs/run.log'))?.toString(), runLog, 'a linked metadata.json says nothing of the seal');
  });

  test('a seal of impossible sizes hides the file and reads nothing else', async () => {
    const source = await openRunDirectory(dir, { sealed: { 'logs/run.log': -5, 'logs/step_001/adapter.log': 2 ** 50 } });
    assert.equal((await source.read('logs/run.log'))?.length, 0);
    assert.equal((await source.open('logs/run.log'))?.size, 0);
    const adapter = CONTRACT_FILES['logs/step_001/adapter.log'] ?? '';
    assert.equal((await source.read('logs/step_001/adapter.log'))?.toString(), adapter);
  });

  test('that is not there is an error that names it', async () => {
    await assert.rejects(openRunDirectory(join(dir, 'absent')), { code: 'NOT_A_RUN', message: /absent is not a run/ });
    await assert.rejects(openRunDirectory(join(dir, 'metadata.json')), { code: 'NOT_A_RUN' });
  });
});
