import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, statSync, truncateSync } from 'node:fs';
import { chmod, link, mkdir, readFile, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { openArchive, packRun, readArchiveFacts, verifyRun } from '../../src/archive/index.ts';
import { ENDED, scratchDir, sealRun, sha256, sizeOf, writeRun, writeTree } from './sealed-run.ts';

const pack = (runDir: string, more: Partial<Parameters<typeof packRun>[0]> = {}) =>
  packRun({ runDir, exclude: [], modifiedAt: ENDED, ...more });

const listOf = (runDir: string): string[] =>
  execFileSync('tar', ['-tzf', join(runDir, 'run.tar.gz')], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');

const holds = (word: string) => (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(word);

/** Bytes that no compressor makes smaller, the same each time. */
function noise(bytes: number): Buffer {
  const data = Buffer.alloc(bytes);
  let state = 1;
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    data[at] = state >> 16;
  }
  return data;
}

test('logs come first and the list of digests last, without a leading directory', async (t) => {
  const runDir = scratchDir(t);
  await writeRun(runDir);
  const { archive } = await sealRun(runDir);
  const alone = ['metrics.json', 'config.yaml', 'hitl_events.jsonl', 'commit.txt', 'logs_summary.txt', 'metadata.json'];
  assert.deepEqual(archive?.contents, [
    { name: 'logs/', members: 3 },
    { name: 'workspace/', members: 2 },
    ...[...alone, 'manifest-sha256.txt'].map((name) => ({ name, members: 1 })),
  ]);
  assert.deepEqual(listOf(runDir), [
    'logs/run.log',
    'logs/step_001/adapter.log',
    'logs/step_001/orchestrator.log',
    'metrics.json',
    'config.yaml',
    'hitl_events.jsonl',
    'commit.txt',
    'logs_summary.txt',
    'metadata.json',
    'workspace/src/app.js',
    'workspace/start.sh',
    'manifest-sha256.txt',
  ]);
  assert.match(
    execFileSync('sh', ['-c', 'tar -tzf run.tar.gz | grep logs/'], { cwd: runDir, encoding: 'utf8' }),
    /^logs\/run\.log$/m,
  );
});

test('packing is reproducible across locations, owners, file times and thread counts', async (t) => {
  const hashes = new Set<string>();
  for (const concurrency of [1, 2, 5]) {
    const runDir = scratchDir(t);
    // Another order of creation, other permissions beyond "executable", other times.
    const order = ['workspace/b.txt', 'workspace/a/x', 'workspace/a.txt', 'logs/run.log'];
    await writeTree(
      runDir,
      Object.fromEntries((concurrency > 1 ? order : order.toReversed()).map((path) => [path, path.repeat(40_000)])),
    );
    await chmod(join(runDir, 'workspace/b.txt'), concurrency === 1 ? 0o600 : 0o664);
    await utimes(join(runDir, 'workspace/b.txt'), concurrency, concurrency);
    const { sha256, tar_sha256 } = await pack(runDir, { concurrency });
    hashes.add(`${sha256} ${tar_sha256}`);
  }
  assert.equal(hashes.size, 1);
});

test('log files are packed up to the sealed position, and only those that were sealed', async (t) => {
  const runDir = scratchDir(t);
  await writeTree(runDir, { 'logs/run.log': 'sealed\nlater\n', 'logs/late.log': 'later\n' });
  await pack(runDir, { sealed: { files: { 'logs/run.log': 7 } } });
  await using archive = await openArchive(join(runDir, 'run.tar.gz'));
  assert.deepEqual(await archive.files('logs'), [{ path: 'logs/run.log', bytes: 7 }]);
  assert.equal((await archive.read('logs/run.log'))?.toString(), 'sealed\n');
});

test('a sealed log that is shorter or missing stops packing and leaves no file', async (t) => {
  for (const files of [{ 'logs/run.log': 8 }, { 'logs/run.log': 7, 'logs/gone.log': 1 }]) {
    const runDir = scratchDir(t);
    await writeTree(runDir, { 'logs/run.log': 'sealed\n' });
    await assert.rejects(pack(runDir, { sealed: { files } }), { code: 'ARCHIVE_SOURCE' });
    assert.deepEqual((await readdir(runDir)).toSorted(), ['.stepwell', 'logs']);
    assert.deepEqual(await readdir(join(runDir, '.stepwell')), []);
  }
});

test('dependencies, caches, repositories, environment files and user patterns are excluded', async (t) => {
  const runDir = scratchDir(t);
  const out = [
    '.git/HEAD',
    'a/node_modules/x/i.js',
    'env39/pyvenv.cfg',
    'env39/lib/x.py',
    'venv/x',
    '.venv/x',
    'a/__pycache__/x.pyc',
  ];
  const files = [
    '.pytest_cache/x',
    '.mypy_cache/x',
    '.cache/x',
    '.env',
    'a/.env.local',
    'b/notes.tmp',
    'data/big/1.bin',
    'top.bin',
  ];
  const kept = ['a/x.py', 'data/small/1.bin', 'deep/top.bin', 'environment.ts', 'node_modules.txt'];
  await writeTree(runDir, Object.fromEntries([...out, ...files, ...kept].map((path) => [`workspace/${path}`, 'x'])));
  await pack(runDir, { exclude: ['*.tmp', 'data/big/', '/top.bin'] });
  assert.deepEqual(
    listOf(runDir).filter((path) => path.startsWith('workspace/') && !path.endsWith('/')),
    kept.map((path) => `workspace/${path}`),
  );
});

test('links inside the workspace are packed; escaping links, pipes, sockets and unreadable names are excluded and listed', async (t) => {
  const runDir = scratchDir(t);
  await writeTree(runDir, { 'workspace/a/file': 'x', 'workspace/outside-name': 'y' });
  const w = join(runDir, 'workspace');
  await mkdir(join(w, 'empty'));
  await link(join(w, 'a/file'), join(w, 'hard'));
  for (const [path, target] of [
    ['inside', 'a/file'],
    ['a/up', '../outside-name'],
    ['dangling', 'not/there'],
    ['absolute', '/etc/passwd'],
    ['above', '../metrics.json'],
    ['a/far', '../../../x'],
    // It stays inside by its words, but `inside-dir/..` is wherever the first link leads.
    ['trick', 'inside-dir/../..'],
  ] as const) {
    await symlink(target, join(w, path));
  }
  execFileSync('mkfifo', [join(w, 'pipe')]);
  const server = createServer().listen(join(w, 'sock'));
  await new Promise((resolve) => server.once('listening', resolve));
  await writeFile(Buffer.concat([Buffer.from(`${w}/bad`), Buffer.from([0xff])]), 'z');
  const facts = await pack(runDir);
  await new Promise((resolve) => server.close(resolve));

  assert.deepEqual(listOf(runDir), [
    'workspace/a/file',
    'workspace/a/up',
    'workspace/dangling',
    'workspace/empty/',
    'workspace/hard',
    'workspace/inside',
    'workspace/outside-name',
    'left_out.jsonl',
    'manifest-sha256.txt',
  ]);
  assert.deepEqual(
    facts.skipped.map(({ path }) => path),
    [
      'workspace/a/far',
      'workspace/above',
      'workspace/absolute',
      'workspace/bad\ufffd',
      'workspace/pipe',
      'workspace/sock',
      'workspace/trick',
    ],
  );
  assert.deepEqual(await readArchiveFacts(join(runDir, 'run.tar.gz')), facts);
});

test('an unreadable workspace file is excluded and listed; an unreadable record file stops packing', async (t) => {
  const runDir = scratchDir(t);
  await writeTree(runDir, { 'workspace/a': 'x', 'workspace/b': 'y', 'metrics.json': '{}' });
  // Unreadable also for root: a link where a file was is refused by O_NOFOLLOW.
  await rm(join(runDir, 'metrics.json'));
  await symlink('workspace/a', join(runDir, 'metrics.json'));
  await assert.rejects(pack(runDir), { code: 'ARCHIVE_SOURCE', message: /metrics\.json.*ELOOP/ });
  await rm(join(runDir, 'metrics.json'));
  const facts = await pack(runDir, {
    containsSecret: () => {
      // Asked about `a`, it makes `b` disappear before its turn comes.
      execFileSync('rm', ['-f', join(runDir, 'workspace/b')]);
      return false;
    },
  });
  assert.deepEqual(facts.skipped, [{ path: 'workspace/b', reason: 'it cannot be read (ENOENT)' }]);
});

test('a file with a secret at any position is excluded and listed', async (t) => {
  const MB = 1 << 20;
  for (const [size, at] of [
    [100, 50],
    [MB, MB - 8],
    [MB + 4, MB - 4],
    [3 * MB, 2 * MB - 1],
    [3 * MB, 3 * MB - 8],
  ] as const) {
    const runDir = scratchDir(t);
    const data = Buffer.alloc(size, 'ab');
    data.write('TOPSECRT', at);
    await writeTree(runDir, { 'workspace/before': 'x', 'workspace/held': data, 'workspace/under': data.subarray(0, at) });
    const facts = await pack(runDir, { containsSecret: holds('TOPSECRT') });
    assert.deepEqual(facts.excluded_secrets, ['workspace/held'], `${size} bytes, at ${at}`);
    assert.deepEqual(await readArchiveFacts(join(runDir, 'run.tar.gz')), facts);
    assert.deepEqual(listOf(runDir), ['workspace/before', 'workspace/under', 'left_out.jsonl', 'manifest-sha256.txt']);
    const clean = scratchDir(t);
    await writeTree(clean, { 'workspace/before': 'x', 'workspace/under': data.subarray(0, at), 'workspace/z': 'z' });
    assert.deepEqual((await pack(clean, { containsSecret: holds('TOPSECRT') })).excluded_secrets, []);
  }
});

test('a secret in a path or link target excludes the entry, and its name is masked', async (t) => {
  const runDir = scratchDir(t);
  const names = ['a/TOPSECRT.txt', 'TOPSECRT/x', 'TOPSECRT/y/z', 'TOP/SECRT', 'a/fine'];
  await writeTree(runDir, Object.fromEntries(names.map((name) => [`workspace/${name}`, 'x'])));
  await symlink('not/TOPSECRT', join(runDir, 'workspace/link'));
  await mkdir(join(runDir, 'workspace/empty-TOPSECRT'));
  await symlink('/outside', join(runDir, 'workspace/out-TOPSECRT'));
  const containsSecret = (bytes: Uint8Array): boolean => /TOP\/?SECRT/.test(Buffer.from(bytes).toString());
  const facts = await pack(runDir, { containsSecret });
  assert.deepEqual(facts.excluded_secrets, [
    'workspace/[redacted]',
    'workspace/[redacted]/x',
    'workspace/[redacted]/y/z',
    'workspace/a/[redacted]',
    'workspace/link',
  ]);
  assert.deepEqual(facts.skipped, [{ path: 'workspace/[redacted]', reason: 'a link: its target is absolute' }]);
  assert.deepEqual(listOf(runDir), ['workspace/a/fine', 'left_out.jsonl', 'manifest-sha256.txt']);
  assert.doesNotMatch(execFileSync('sh', ['-c', 'gzip -dc run.tar.gz'], { cwd: runDir, encoding: 'latin1' }), /TOP\/?SECRT/);
});

test('a directory replaced by a link is not followed, not even at the top', async (t) => {
  const outside = scratchDir(t);
  await writeTree(outside, { private: 'of somebody else', 'run.log': 'x' });
  const replaced = scratchDir(t);
  await writeTree(replaced, { 'logs/run.log': 'x' });
  await symlink(outside, join(replaced, 'workspace'));
  const facts = await pack(replaced);
  assert.deepEqual(facts.skipped, [{ path: 'workspace', reason: 'it is no directory' }]);
  assert.deepEqual(listOf(replaced), ['logs/run.log', 'left_out.jsonl', 'manifest-sha256.txt']);

  const swapped = scratchDir(t);
  await writeTree(swapped, { 'workspace/a': 'x', 'workspace/z/private': 'of its own' });
  const containsSecret = (): boolean => {
    // Asked about `a`, it puts a link where the walk has already seen a directory.
    execFileSync('sh', ['-c', `rm -rf workspace/z && ln -s ${outside} workspace/z`], { cwd: swapped });
    return false;
  };
  assert.deepEqual((await pack(swapped, { containsSecret })).skipped, [{ path: 'workspace/z', reason: 'it is no directory' }]);

  const logs = scratchDir(t);
  await symlink(outside, join(logs, 'logs'));
  await assert.rejects(pack(logs, { sealed: { files: { 'logs/run.log': 1 } } }), { code: 'ARCHIVE_SOURCE' });
});

test('a file that shrinks, grows or changes while it is packed still has the digest of what was packed', async (t) => {
  const MB = 1 << 20;
  for (const change of ['shrink', 'grow', 'rewrite'] as const) {
    const runDir = scratchDir(t);
    const file = join(runDir, 'workspace/live');
    await writeTree(runDir, { 'workspace/before': noise(70_000), 'workspace/live': noise(3 * MB), 'workspace/next': 'n' });
    let asked = 0;
    const facts = await pack(runDir, {
      containsSecret: (bytes) => {
        // The second piece of the large file.
        asked += bytes.length >= MB ? 1 : 0;
        if (asked !== 2) return false;
        if (change === 'shrink') truncateSync(file, 2 * MB - 7);
        if (change === 'grow') appendFileSync(file, 'more');
        if (change === 'rewrite')
          execFileSync('dd', ['if=/dev/zero', `of=${file}`, 'bs=1048576', 'seek=1', 'count=1', 'conv=notrunc'], {
            stdio: 'ignore',
          });
        return false;
      },
    });
    assert.deepEqual(facts.skipped, []);
    assert.deepEqual(await readArchiveFacts(join(runDir, 'run.tar.gz')), facts);
    const into = scratchDir(t);
    execFileSync('tar', ['-xzf', join(runDir, 'run.tar.gz'), '-C', into]);
    execFileSync('sha256sum', ['-c', '--quiet', '--strict', 'manifest-sha256.txt'], { cwd: into });
    assert.equal(await sizeOf(join(into, 'workspace/live')), change === 'shrink' ? 2 * MB - 7 : 3 * MB);
  }
});

test('a sealed archive is never overwritten; an archive that no metadata names is overwritten', async (t) => {
  const runDir = scratchDir(t);
  await writeRun(runDir);
  await sealRun(runDir);
  const before = await readFile(join(runDir, 'run.tar.gz'));
  await assert.rejects(pack(runDir), { code: 'ARCHIVE_SEALED' });
  const metadata = JSON.parse(await readFile(join(runDir, 'metadata.json'), 'utf8')) as object;
  await writeFile(join(runDir, 'metadata.json'), 'broken');
  await assert.rejects(pack(runDir), { code: 'ARCHIVE_SEALED' });
  assert.deepEqual(await readFile(join(runDir, 'run.tar.gz')), before);
  // The process died after the archive got its name and before the metadata knew of it.
  await writeFile(join(runDir, 'metadata.json'), JSON.stringify({ ...metadata, archive: null }));
  await pack(runDir);
  assert.notDeepEqual(await readFile(join(runDir, 'run.tar.gz')), before);
});

test('kill -9 during packing never leaves a partial archive, and the next attempt completes', async (t) => {
  const runDir = scratchDir(t);
  await writeRun(runDir);
  const data = noise(1 << 20);
  await writeTree(runDir, Object.fromEntries(Array.from({ length: 24 }, (_, at) => [`workspace/${at}.bin`, data])));
  const [archive, partial] = [join(runDir, 'run.tar.gz'), join(runDir, '.stepwell/run.tar.gz.partial')];
  const script = `import { packRun } from ${JSON.stringify(import.meta.resolve('../../src/archive/index.ts'))};
    await packRun({ runDir: ${JSON.stringify(runDir)}, exclude: [], modifiedAt: new Date(0) });`;
  let half = 0;
  for (const written of [0, 1, 4_000_000, 12_000_000, 24_000_000]) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
    const closed = new Promise((resolve) => child.once('close', resolve));
    const killWhenWritten = (): void => {
      const bytes = statSync(partial, { throwIfNoEntry: false })?.size ?? -1;
      if (bytes >= written || existsSync(archive)) child.kill('SIGKILL');
      else if (child.exitCode === null) setImmediate(killWhenWritten);
    };
    killWhenWritten();
    await closed;
    if (existsSync(archive)) {
      await readArchiveFacts(archive);
      await rm(archive);
    } else {
      half += existsSync(partial) ? 1 : 0;
    }
  }
  assert.ok(half > 0, 'no attempt was killed half way');
  await sealRun(runDir);
  assert.equal(existsSync(partial), false);
  assert.deepEqual((await verifyRun(runDir)).items, []);
});

test('a full disk while packing is an error that leaves nothing behind', async (t) => {
  const mount = scratchDir(t);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', mount], { stdio: 'pipe' });
  } catch {
    return t.skip('no right to mount a small tmpfs');
  }
  try {
    await writeTree(mount, { 'logs/run.log': 'x', 'workspace/a.bin': noise(4 << 20) });
    await assert.rejects(pack(mount), { code: 'ARCHIVE_NOT_WRITTEN', message: /ENOSPC/ });
    assert.deepEqual((await readdir(mount)).toSorted(), ['.stepwell', 'logs', 'workspace']);
    assert.deepEqual(await readdir(join(mount, '.stepwell')), []);
  } finally {
    execFileSync('umount', [mount]);
  }
});

test('the archive is synced before it is renamed, and the directory is synced after', async (t) => {
  try {
    execFileSync('strace', ['-V'], { stdio: 'pipe' });
  } catch {
    return t.skip('strace is not installed');
  }
  const runDir = scratchDir(t);
  await writeRun(runDir);
  const trace = join(scratchDir(t), 'trace');
  const script = `import { packRun } from ${JSON.stringify(import.meta.resolve('../../src/archive/index.ts'))};
    await packRun({ runDir: ${JSON.stringify(runDir)}, exclude: [], modifiedAt: new Date(0) });`;
  const calls = 'trace=fsync,rename,renameat,renameat2,write,pwrite64,pwritev';
  execFileSync('strace', ['-f', '-y', '-e', calls, '-o', trace, process.execPath, '--input-type=module', '-e', script]);
  const lines = (await readFile(trace, 'utf8')).split('\n').filter((line) => line.includes(runDir));
  const at = (pattern: RegExp): number => lines.findLastIndex((line) => pattern.test(line));
  const order = [
    /pwrite.*partial>/,
    /fsync\(.*partial>/,
    /rename.*partial.*run\.tar\.gz"/,
    new RegExp(`fsync\\(\\d+<${runDir}>`),
  ].map(at);
  assert.ok(
    order.every((place) => place >= 0),
    lines.join('\n'),
  );
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
});

test('a stored index and a rebuilt one read the same file without unpacking the rest', async (t) => {
  const runDir = scratchDir(t);
  await writeRun(runDir);
  await writeTree(runDir, { 'workspace/big.bin': noise(5 << 20), 'workspace/odd.bin': noise((1 << 20) + 1) });
  await sealRun(runDir);
  const [archive, index] = [join(runDir, 'run.tar.gz'), join(runDir, '.stepwell/run.tar.gz.index.json')];
  const digest = async (): Promise<string> => {
    await using source = await openArchive(archive);
    return sha256((await source.read('workspace/odd.bin')) ?? '');
  };
  const expected = sha256(await readFile(join(runDir, 'workspace/odd.bin')));
  const written = await readFile(index, 'utf8');
  assert.equal(await digest(), expected);
  await rm(index);
  assert.equal(await digest(), expected);
  assert.equal(await readFile(index, 'utf8'), written);
  for (const broken of ['', '{}', written.slice(0, -3), written.replace('1048576', '1048577')]) {
    await writeFile(index, broken);
    assert.equal(await digest(), expected);
    assert.equal(await readFile(index, 'utf8'), written);
  }
});
