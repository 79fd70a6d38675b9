/** What goes in comes out: by our own reader, by GNU tar, by Python's tarfile, by node-tar, and past sha256sum. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { list } from 'tar';
import { openArchive, openArchiveBytes, packRun } from '../../src/archive/index.ts';
import { encodeHeader } from '../../src/archive/format/tar.ts';
import { createMemoryBytes } from '../store/memory-bytes.ts';
import { describeSource } from '../store/source-contract.ts';
import { ENDED, scratchDir, sha256, writeTree } from './sealed-run.ts';

describeSource('archive', async (runDir) => {
  await packRun({ runDir, exclude: [], modifiedAt: ENDED });
  return openArchive(join(runDir, 'run.tar.gz'));
});

for (const [name, most] of [
  ['in memory', Infinity],
  ['in memory, in short reads', 1000],
] as const) {
  describeSource(`archive ${name}`, async (runDir) => {
    await packRun({ runDir, exclude: [], modifiedAt: ENDED });
    return openArchiveBytes(createMemoryBytes(await readFile(join(runDir, 'run.tar.gz')), { maxReadBytes: most }), 'memory');
  });
}

const KB = 1024;
const BORDERS = [
  0,
  1,
  511,
  512,
  513,
  64 * KB - 1,
  64 * KB,
  64 * KB + 1,
  KB * KB - 513,
  KB * KB - 512,
  KB * KB - 1,
  KB * KB,
  KB * KB + 1,
];

const character = fc.constantFrom('a', 'Z', '0', '.', '-', '_', ' ', 'é', '水', '\u{1f600}', '\\', '\n', '"', '*', "'", '\t');
const segment = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: character, minLength: 1, maxLength: 12 }) },
  { weight: 1, arbitrary: fc.integer({ min: 90, max: 120 }).map((length) => 'n'.repeat(length)) },
);
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const bytes = fc.oneof(fc.constantFrom(...BORDERS), fc.nat({ max: 3000 }));
const tree = fc.uniqueArray(fc.record({ path, bytes }), { selector: (file) => file.path, minLength: 1, maxLength: 8 });

/** Names that the file system has no place for, or that mean something to the exclusion. */
const isPossible = (files: readonly { path: string }[]): boolean => {
  const paths = files.map((file) => file.path);
  const dirs = new Set(paths.flatMap((each) => each.split('/').map((_, at, parts) => parts.slice(0, at).join('/'))));
  return paths.every((each) => !dirs.has(each) && each.split('/').every((part) => !['.', '..'].includes(part)));
};

test('random directory trees survive packing and unpacking, with sizes around every limit and all kinds of names', async (t) => {
  await fc.assert(
    fc.asyncProperty(tree.filter(isPossible), fc.integer({ min: 1, max: 9 }), async (files, level) => {
      const runDir = scratchDir(t);
      const contents = new Map(files.map((file, at) => [`workspace/${file.path}`, Buffer.alloc(file.bytes, `content ${at} `)]));
      await writeTree(runDir, Object.fromEntries(contents));
      await packRun({ runDir, exclude: [], modifiedAt: ENDED, level });
      const archive = join(runDir, 'run.tar.gz');

      await using source = await openArchive(archive);
      assert.equal((await source.files('workspace')).length, contents.size);
      for (const [name, content] of contents) assert.ok((await source.read(name))?.equals(content), name);

      const into = scratchDir(t);
      execFileSync('tar', ['-xzf', archive, '-C', into]);
      for (const [name, content] of contents) assert.ok((await readFile(join(into, name))).equals(content), name);
      execFileSync('sha256sum', ['-c', '--quiet', '--strict', 'manifest-sha256.txt'], { cwd: into });

      // node-tar ends a pax record at the first line feed, whatever its length says.
      if (files.some((file) => file.path.includes('\n'))) return;
      const seen = new Map<string, number>();
      await list({ file: archive, strict: true, onReadEntry: (entry) => void seen.set(entry.path, entry.size) });
      for (const [name, content] of contents) assert.equal(seen.get(name), content.length, name);
      assert.equal(seen.size, contents.size + 1);
    }),
    { numRuns: 25 },
  );
});

test('Python reads the same names, sizes and contents, and gzip reports no error', async (t) => {
  const runDir = scratchDir(t);
  const files = Object.fromEntries(BORDERS.map((size) => [`workspace/${'d/'.repeat(80)}é ${size}`, Buffer.alloc(size, 'py')]));
  await writeTree(runDir, files);
  await packRun({ runDir, exclude: [], modifiedAt: ENDED });
  execFileSync('gzip', ['-t', join(runDir, 'run.tar.gz')]);
  const script = `
import hashlib, json, sys, tarfile
with tarfile.open(sys.argv[1]) as tar:
    print(json.dumps({m.name: [m.size, m.mtime, m.uid, m.mode, hashlib.sha256(tar.extractfile(m).read()).hexdigest()] for m in tar}))`;
  let output: string;
  try {
    output = execFileSync('python3', ['-c', script, join(runDir, 'run.tar.gz')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return t.skip('python3 is not installed');
    throw error;
  }
  const found = JSON.parse(output) as Record<string, unknown>;
  for (const [name, content] of Object.entries(files)) {
    assert.deepEqual(found[name], [content.length, ENDED.getTime() / 1000, 0, 0o644, sha256(content)], name);
  }
});

test('a size above 8 GB goes into a pax header that GNU tar understands', () => {
  const bytes = 9 * 2 ** 30 + 5;
  const header = encodeHeader({ type: 'file', path: 'workspace/huge.bin', bytes, executable: false, mtime: 0, target: '' });
  // The content is missing, so tar complains after it has named the member.
  const shell = 'tar -tvf - 2>/dev/null || true';
  assert.match(
    execFileSync('sh', ['-c', shell], { input: header, encoding: 'utf8' }),
    new RegExp(` ${bytes} .*workspace/huge\\.bin`),
  );
});

test('GNU tar restores paths at the limits of the ustar fields unchanged', () => {
  const names = [99, 100, 101, 155, 156, 254, 255, 256, 257, 300].flatMap((length) => [
    'a'.repeat(length),
    `${'b'.repeat(Math.min(150, length - 2))}/${'c'.repeat(Math.max(1, length - 151))}`,
    `d/${'e'.repeat(length - 2)}`,
    'f/'.repeat(Math.floor(length / 2)).padEnd(length, 'g'),
  ]);
  for (const type of ['file', 'directory'] as const) {
    const paths = names.map((name) => name.replace(/\/$/, 'x'));
    const entries = paths.map((path) => encodeHeader({ type, path, bytes: 0, executable: false, mtime: 0, target: '' }));
    // Some readers take an empty name field for the end, whatever the prefix says.
    for (const header of entries) assert.notEqual(header.at(-512), 0);
    const output = execFileSync('tar', ['-tf', '-'], {
      input: Buffer.concat([...entries, Buffer.alloc(1024)]),
      encoding: 'utf8',
    });
    assert.deepEqual(output.trimEnd().split('\n'), type === 'file' ? paths : paths.map((path) => `${path}/`));
  }
  assert.equal(dirname(names[1] ?? ''), 'b'.repeat(97));
});
