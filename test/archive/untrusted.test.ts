import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openArchive, openArchiveBytes, packRun, verifyRun } from '../../src/archive/index.ts';
import { packBlock } from '../../src/archive/format/block.ts';
import { checksumsText } from '../../src/archive/format/checksums.ts';
import { encodeHeader, headerSum, TAR_END, type TarEntry } from '../../src/archive/format/tar.ts';
import { ArchiveWriter } from '../../src/archive/writer.ts';
import { readRange } from '../../src/store/index.ts';
import { createMemoryBytes } from '../store/memory-bytes.ts';
import { ENDED, scratchDir, sha256, writeTree } from './sealed-run.ts';

const entry = (path: string, more: Partial<TarEntry> = {}): TarEntry => {
  return { type: 'file', path, bytes: 0, executable: false, mtime: 0, target: '', ...more };
};

/** An archive in our own form that holds these entries, whatever they are. */
async function archiveOf(dir: string, entries: readonly TarEntry[], list?: (text: string) => string): Promise<string> {
  await mkdir(dir, { recursive: true });
  const path = join(dir, 'run.tar.gz');
  const file = await open(path, 'w');
  const writer = new ArchiveWriter(file, { level: 1, concurrency: 2 });
  for (const each of entries) await writer.add(each, Buffer.alloc(each.bytes, 'x'));
  const text = Buffer.from((list ?? ((same) => same))(checksumsText(writer.members)));
  await writer.add(entry('manifest-sha256.txt', { bytes: text.length }), text);
  await writer.finish();
  await file.close();
  return path;
}

/** A tar stream as one block. */
async function archiveOfTar(dir: string, tar: Buffer): Promise<string> {
  const path = join(dir, 'run.tar.gz');
  await writeFile(path, Buffer.concat(await packBlock(tar, 1)));
  return path;
}

test('members with paths outside the directory are refused by name', async (t) => {
  const dir = scratchDir(t);
  const unsafe: TarEntry[] = [
    entry('../evil'),
    entry('workspace/../../evil'),
    entry('/etc/evil'),
    entry('workspace//evil'),
    entry('./workspace/evil'),
    entry('workspace/ev\0il'),
    entry('workspace/..', { type: 'directory' }),
    entry('workspace/l', { type: 'link', target: '/etc' }),
    entry('workspace/l', { type: 'link', target: '../x' }),
    entry('workspace/a/l', { type: 'link', target: '../../x' }),
    entry('workspace/a/l', { type: 'link', target: 'b/../../..' }),
    entry('workspace/a/b/l', { type: 'link', target: 'c/../..' }),
    entry('logs/run.log', { type: 'link', target: 'x' }),
    entry('workspace', { type: 'link', target: 'logs' }),
  ];
  for (const each of unsafe) {
    const archive = await archiveOf(dir, [entry('logs/run.log'), each]);
    await assert.rejects(openArchive(archive), { code: 'ARCHIVE_UNSAFE' }, JSON.stringify(each));
    assert.equal((await verifyRun(archive)).ok, false);
  }
  await using fine = await openArchive(await archiveOf(dir, [entry('workspace/a/l', { type: 'link', target: '../x' })]));
  assert.equal(await fine.read('workspace/a/l'), null);
});

test('a forged index can make reading fail but never returns wrong bytes or names', async (t) => {
  const runDir = scratchDir(t);
  await writeTree(runDir, { 'workspace/a': 'aaaa', 'workspace/b': 'bbbb', 'metadata.json': '{}' });
  await packRun({ runDir, exclude: [], modifiedAt: ENDED });
  const index = join(runDir, '.stepwell/run.tar.gz.index.json');
  const body = (await readFile(index, 'utf8')).split('\n')[1] ?? '';
  const { files } = JSON.parse(body) as { files: number[] };
  const forged = JSON.stringify({ ...JSON.parse(body), files: [...files.slice(2), ...files.slice(0, 2)] });
  assert.notEqual(forged, body);
  await writeFile(index, `${sha256(forged)}\n${forged}\n`);
  await using source = await openArchive(join(runDir, 'run.tar.gz'));
  assert.deepEqual(
    (await source.files('workspace')).map(({ path }) => path),
    ['workspace/a', 'workspace/b'],
  );
  await assert.rejects(source.read('workspace/a'), { code: 'ARCHIVE_DAMAGED', message: /workspace\/a/ });
});

test('kinds of members that stepwell never writes are refused', async (t) => {
  const dir = scratchDir(t);
  for (const type of ['1', '3', '4', '6', '7', 'L', 'g', 'S']) {
    const header = encodeHeader(entry('workspace/x'));
    header.write(type, 156, 'latin1');
    header.write(headerSum(header).toString(8).padStart(6, '0'), 148, 'latin1');
    const archive = await archiveOfTar(dir, Buffer.concat([header, TAR_END]));
    await assert.rejects(openArchive(archive), { code: 'ARCHIVE_DAMAGED', message: /which no archive of ours has/ }, type);
  }
});

/** A tar stream of one file of one byte. */
function oneByte(padding: Buffer, end = TAR_END): Buffer {
  return Buffer.concat([encodeHeader(entry('logs/a', { bytes: 1 })), Buffer.from('x'), padding, end]);
}

test('extra bytes in the tar stream are reported as damage', async (t) => {
  const dir = scratchDir(t);
  const spotted = Buffer.alloc(511);
  spotted[510] = 1;
  const cases: [Buffer, RegExp][] = [
    [oneByte(spotted), /padding/],
    [oneByte(Buffer.alloc(511), Buffer.alloc(512)), /ends early/],
    [oneByte(Buffer.alloc(511), Buffer.alloc(1536)), /follows the end/],
    [oneByte(Buffer.alloc(300), Buffer.alloc(0)), /ends early/],
  ];
  for (const [tar, message] of cases) {
    await assert.rejects(openArchive(await archiveOfTar(dir, tar)), { code: 'ARCHIVE_DAMAGED', message });
  }
});

test('an archive from another program is rejected with ARCHIVE_UNRECOGNIZED', async (t) => {
  const dir = scratchDir(t);
  await writeTree(dir, { 'in/logs/run.log': 'x' });
  const archive = join(dir, 'run.tar.gz');
  execFileSync('tar', ['-czf', archive, '-C', join(dir, 'in'), 'logs']);
  await assert.rejects(openArchive(archive), { code: 'ARCHIVE_UNRECOGNIZED' });
  for (const content of [Buffer.alloc(0), Buffer.from('no'), Buffer.alloc(4096), gzipSync('x')]) {
    await writeFile(archive, content);
    await assert.rejects(openArchive(archive), { code: 'ARCHIVE_UNRECOGNIZED' });
  }
  await rm(archive);
  await assert.rejects(openArchive(archive), { code: 'ARCHIVE_MISSING' });
  await assert.rejects(openArchive(dir), { code: 'ARCHIVE_MISSING' });
});

test('duplicate, missing, unlisted or altered members are refused, and verify reports each', async (t) => {
  const dir = scratchDir(t);
  const two = [entry('logs/a.log', { bytes: 3 }), entry('logs/b.log', { bytes: 4 })];
  const cases: [TarEntry[], ((text: string) => string) | undefined, string][] = [
    [[...two, entry('logs/a.log', { bytes: 3 })], undefined, 'logs/a.log'],
    [two, (text) => text.replace(/^.*a\.log\n/m, ''), 'logs/a.log'],
    [two, (text) => `${text}${'0'.repeat(64)}  logs/c.log\n`, 'logs/c.log'],
    [two, (text) => text.replace(/^[0-9a-f]{8}/m, '00000000'), 'logs/a.log'],
    [two, (text) => text.trimEnd(), 'manifest-sha256.txt'],
    [two, (text) => text.split('\n').toReversed().join('\n').slice(1) + '\n', 'manifest-sha256.txt'],
  ];
  for (const [entries, list, named] of cases) {
    const archive = await archiveOf(dir, entries, list);
    await assert.rejects(openArchive(archive), { code: 'ARCHIVE_DAMAGED' }, named);
    assert.ok(
      (await verifyRun(archive)).items.some(({ item }) => item === named),
      named,
    );
  }
});

test('damaged content is an error that names the member, with or without an index', async (t) => {
  const runDir = scratchDir(t);
  const log = Array.from({ length: 200_000 }, (_, at) => `line ${at * 7919}\n`).join('');
  await writeTree(runDir, { 'logs/a.log': 'a\n', 'logs/b.log': log, 'logs/c.log': log, 'metadata.json': '{}' });
  await packRun({ runDir, exclude: [], modifiedAt: ENDED });
  const archive = join(runDir, 'run.tar.gz');
  const data = await readFile(archive);
  // In the middle of the third log's blocks.
  const at = Math.floor(data.length * 0.8);
  data[at] = (data[at] ?? 0) ^ 4;
  await writeFile(archive, data);
  await using source = await openArchive(archive);
  assert.equal((await source.read('logs/b.log'))?.length, log.length);
  await assert.rejects(source.read('logs/c.log'), { code: 'ARCHIVE_DAMAGED', message: /logs\/c\.log/ });
  await rm(join(runDir, '.stepwell'), { recursive: true });
  await assert.rejects(openArchive(archive), { code: 'ARCHIVE_DAMAGED', message: /logs\/c\.log/ });
});

test('a block that unpacks to more than its declared size does not exhaust memory', async (t) => {
  const dir = scratchDir(t);
  const archive = join(dir, 'run.tar.gz');
  const bomb = gzipSync(Buffer.alloc(200 << 20));
  const head = Buffer.concat(await packBlock(Buffer.alloc(10), 1)).subarray(0, 20);
  const block = Buffer.concat([head, bomb.subarray(10)]);
  block.writeUInt32LE(block.length, 16);
  block.writeUInt32LE(1 << 20, block.length - 4);
  await writeFile(archive, block);
  const before = process.memoryUsage.rss();
  await assert.rejects(openArchive(archive), { code: 'ARCHIVE_DAMAGED' });
  assert.ok(process.memoryUsage.rss() - before < 100 << 20);
});

test('a read error of the byte source is reported with its reason, and the archive is closed', async (t) => {
  const runDir = scratchDir(t);
  await writeTree(runDir, { 'logs/run.log': Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 7919) % 256)) });
  await packRun({ runDir, exclude: [], modifiedAt: ENDED });
  const data = await readFile(join(runDir, 'run.tar.gz'));
  const lost = createMemoryBytes(data, { failAt: data.length >> 1 });
  await assert.rejects(openArchiveBytes(lost, 'store://1'), { code: 'RUN_UNREADABLE', message: /ECONNRESET, at store:\/\/1/ });
  assert.equal(lost.isClosed, true);
  const cut = createMemoryBytes(data.subarray(0, data.length - 100), { size: data.length });
  await assert.rejects(openArchiveBytes(cut, 'store://1'), {
    code: 'ARCHIVE_DAMAGED',
    message: /it ends at byte \d+, while it was read/,
  });
  const boundless = createMemoryBytes(data, { size: 2 ** 52 });
  await assert.rejects(openArchiveBytes(boundless, 'store://1'), { code: 'ARCHIVE_DAMAGED', message: /it ends at byte/ });
});

test('sizes and offsets of a forged index are not trusted', async (t) => {
  const runDir = scratchDir(t);
  await writeTree(runDir, { 'workspace/a': 'aaaa', 'metadata.json': '{}' });
  await packRun({ runDir, exclude: [], modifiedAt: ENDED });
  const index = join(runDir, '.stepwell/run.tar.gz.index.json');
  const body = JSON.parse((await readFile(index, 'utf8')).split('\n')[1] ?? '') as {
    files: number[];
    blocks: number[];
    list: object;
  };
  const forgeries = [
    { ...body, files: body.files.map((value, at) => (at % 2 === 0 ? value : 2 ** 52)) },
    { ...body, files: body.files.map(() => 2 ** 52) },
    { ...body, blocks: body.blocks.map((value, at) => (at % 3 === 1 ? 2 ** 52 : value)) },
    { ...body, blocks: body.blocks.map((value, at) => (at % 3 === 2 ? value + 4 : value)) },
    { ...body, list: { ...body.list, bytes: 2 ** 52 } },
  ];
  for (const forged of forgeries) {
    const text = JSON.stringify(forged);
    await writeFile(index, `${sha256(text)}\n${text}\n`);
    await using source = await openArchive(join(runDir, 'run.tar.gz'));
    for (const read of [() => source.read('workspace/a'), () => source.open('workspace/a')]) {
      // Either the forgery was seen and the index made anew, or reading fails.
      const found = await read().then(
        async (data) => (data === null || Buffer.isBuffer(data) ? data : await readRange(data, 0, 4))?.toString(),
        (error: unknown) => error,
      );
      if (found instanceof Error) assert.match(String((found as { code?: string }).code), /^(ARCHIVE_DAMAGED|RUN_UNREADABLE)$/);
      else assert.equal(found, 'aaaa');
    }
  }
});
