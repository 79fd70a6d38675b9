/** Digests of a directory tree, and what changed between two of them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { compareDigests, digestDirectory } from '../../src/store/index.ts';

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'stepwell-tree-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');

function write(path: string, content = path): void {
  mkdirSync(join(dir, path, '..'), { recursive: true });
  writeFileSync(join(dir, path), content);
}

test('a digest lists files of all directories in order with size and hash, and no empty directories', async () => {
  write('b/c.txt', 'two');
  write('a.txt', '');
  mkdirSync(join(dir, 'empty'));
  assert.deepEqual(
    [...(await digestDirectory(dir))],
    [
      ['a.txt', { kind: 'file', bytes: 0, sha256: sha256(''), executable: false }],
      ['b/c.txt', { kind: 'file', bytes: 3, sha256: sha256('two'), executable: false }],
    ],
  );
});

test('added, changed and removed paths', async () => {
  for (const path of ['same', 'content', 'mode', 'gone', 'moved', 'kind', 'd/e']) write(path);
  const before = await digestDirectory(dir);
  writeFileSync(join(dir, 'content'), 'CONTENT');
  chmodSync(join(dir, 'mode'), 0o755);
  unlinkSync(join(dir, 'gone'));
  renameSync(join(dir, 'moved'), join(dir, 'd/moved'));
  unlinkSync(join(dir, 'kind'));
  symlinkSync('same', join(dir, 'kind'));
  write('new');
  const after = await digestDirectory(dir);
  assert.deepEqual(compareDigests(before, after), {
    added: ['d/moved', 'new'],
    changed: ['content', 'kind', 'mode'],
    removed: ['gone', 'moved'],
  });
});

test('writing the same content again changes nothing', async () => {
  write('a');
  const before = await digestDirectory(dir);
  unlinkSync(join(dir, 'a'));
  write('a');
  assert.deepEqual(compareDigests(before, await digestDirectory(dir)), { added: [], changed: [], removed: [] });
});

test('repositories, dependencies, byte code and virtual environments are left out', async () => {
  for (const path of [
    '.git/HEAD',
    'node_modules/x/i.js',
    'src/__pycache__/a.pyc',
    '.venv/bin/python',
    'deep/env-3/pyvenv.cfg',
    'deep/env-3/lib/x.py',
    'deep/kept.py',
  ]) {
    write(path);
  }
  assert.deepEqual([...(await digestDirectory(dir)).keys()], ['deep/kept.py']);
  write('pyvenv.cfg');
  assert.deepEqual(
    [...(await digestDirectory(dir)).keys()],
    ['deep/kept.py', 'pyvenv.cfg'],
    'the top itself is always looked at',
  );
  assert.deepEqual(
    [...(await digestDirectory(dir, { ignore: ['deep', 'src', '.git', '.venv'] })).keys()],
    ['node_modules/x/i.js', 'pyvenv.cfg'],
  );
});

test('symlinks are described and never followed, whether valid, circular or broken', async () => {
  write('d/file');
  for (const [name, target] of Object.entries({
    file: 'd/file',
    directory: 'd',
    circle: '.',
    nowhere: 'not/there',
    outside: '/etc',
  })) {
    symlinkSync(target, join(dir, `to-${name}`));
  }
  const tree = await digestDirectory(dir);
  assert.deepEqual([...tree.keys()], ['d/file', 'to-circle', 'to-directory', 'to-file', 'to-nowhere', 'to-outside']);
  assert.deepEqual(tree.get('to-nowhere'), { kind: 'link', bytes: 9, sha256: sha256('link:not/there'), executable: false });
  unlinkSync(join(dir, 'to-file'));
  symlinkSync('d/fill', join(dir, 'to-file'));
  assert.deepEqual(compareDigests(tree, await digestDirectory(dir)).changed, ['to-file']);
});

test('pipes and sockets are listed without being opened', async () => {
  execFileSync('mkfifo', [join(dir, 'pipe')]);
  const server = createServer().listen(join(dir, 'socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    const tree = await digestDirectory(dir);
    assert.deepEqual([tree.get('pipe')?.kind, tree.get('socket')?.kind], ['special', 'special']);
    assert.notEqual(tree.get('pipe')?.sha256, tree.get('socket')?.sha256);
  } finally {
    server.close();
  }
});

const NOBODY = 65_534;

/** The superuser may read everything, so that rights are put aside meanwhile. */
async function withoutPrivileges<T>(fn: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await fn();
  process.seteuid?.(NOBODY);
  try {
    return await fn();
  } finally {
    process.seteuid?.(0);
  }
}

test('unreadable files are listed, and their changes are detected', async () => {
  write('secret', 'x');
  write('closed/a');
  chmodSync(dir, 0o755);
  chmodSync(join(dir, 'secret'), 0);
  chmodSync(join(dir, 'closed'), 0);
  try {
    const before = await withoutPrivileges(() => digestDirectory(dir));
    assert.deepEqual([before.get('secret')?.kind, before.get('closed')?.kind], ['unreadable', 'unreadable']);
    chmodSync(join(dir, 'secret'), 0o600);
    appendFileSync(join(dir, 'secret'), 'y');
    chmodSync(join(dir, 'secret'), 0);
    assert.deepEqual(compareDigests(before, await withoutPrivileges(() => digestDirectory(dir))).changed, ['secret']);
  } finally {
    chmodSync(join(dir, 'closed'), 0o700);
  }
});

test('file names with invalid bytes, newlines and other scripts are listed', async () => {
  for (const name of ['a b', 'line\nend', 'ü', '日本', '\'quote"', 'back\\slash', '-dash']) write(name);
  writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0x61, 0xff, 0xfe])]), 'odd');
  const tree = await digestDirectory(dir);
  assert.deepEqual(
    [...tree.keys()].sort(),
    ['a b', 'line\nend', 'ü', '日本', '\'quote"', 'back\\slash', '-dash', String.raw`a\xff\xfe`].sort(),
  );
  assert.equal(tree.get(String.raw`a\xff\xfe`)?.sha256, sha256('odd'));
});

test('a large file is hashed in chunks', async () => {
  const block = Buffer.alloc(1_000_003, 'stepwell');
  const hash = createHash('sha256');
  for (let n = 0; n < 5; n++) {
    appendFileSync(join(dir, 'large'), block);
    hash.update(block);
  }
  assert.deepEqual((await digestDirectory(dir)).get('large'), {
    kind: 'file',
    bytes: 5_000_015,
    sha256: hash.digest('hex'),
    executable: false,
  });
});

test('a file of half a gigabyte, here a sparse one, does not fill the memory', async () => {
  const size = 512 * 1024 ** 2;
  write('sparse', '');
  truncateSync(join(dir, 'sparse'), size);
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
  try {
    assert.equal((await digestDirectory(dir)).get('sparse')?.bytes, size);
  } finally {
    clearInterval(watch);
  }
  assert.ok(most - before < size / 4, `${most - before} bytes more`);
});

test('files that appear and disappear during the digest are no error', async () => {
  for (let n = 0; n < 300; n++) write(`d${n % 10}/f${n}`);
  const [tree] = await Promise.all([
    digestDirectory(dir),
    (async () => {
      for (let n = 0; n < 300; n++) {
        rmSync(join(dir, `d${n % 10}/f${n}`), { force: true });
        if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    })(),
  ]);
  assert.ok(tree.size <= 300);
});

test('a missing directory has an empty digest', async () => {
  assert.equal((await digestDirectory(join(dir, 'nowhere'))).size, 0);
});
