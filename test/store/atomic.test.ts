/** A file is replaced whole or not at all. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { writeFileAtomic } from '../../src/store/index.ts';

let dir = '';
const failing = async (): Promise<never> => {
  throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
};

beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'stepwell-atomic-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('writes text and bytes, replaces what was there and keeps its mode', async () => {
  const path = join(dir, 'a.json');
  await writeFileAtomic(path, 'one');
  chmodSync(path, 0o600);
  await writeFileAtomic(path, Buffer.from('two'));
  assert.equal(readFileSync(path, 'utf8'), 'two');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(dir), ['a.json']);
});

test('a failure at any point leaves the old content and no temporary file', async () => {
  const path = join(dir, 'a.json');
  await writeFileAtomic(path, 'old');
  await assert.rejects(writeFileAtomic(path, 'new', { open, rename: failing, rm, stat }), { code: 'ENOSPC' });
  const brokenSync: typeof open = async (...args) => Object.assign(await open(...args), { sync: failing });
  await assert.rejects(writeFileAtomic(path, 'new', { open: brokenSync, rename, rm, stat }), { code: 'ENOSPC' });
  assert.equal(readFileSync(path, 'utf8'), 'old');
  assert.deepEqual(readdirSync(dir), ['a.json']);
});

test('the content is synced before the rename, and the directory after it', async () => {
  const calls: string[] = [];
  const spied: typeof open = async (path, ...rest) => {
    const file = await open(path, ...rest);
    const sync = file.sync.bind(file);
    return Object.assign(file, {
      sync: async () => {
        calls.push(path === dir ? 'sync directory' : 'sync file');
        await sync();
      },
    });
  };
  const renamed: typeof rename = async (from, to) => {
    calls.push('rename');
    await rename(from, to);
  };
  await writeFileAtomic(join(dir, 'a.json'), 'x', { open: spied, rename: renamed, rm, stat });
  assert.deepEqual(calls, ['sync file', 'rename', 'sync directory']);
});

test('concurrent writers never leave mixed content', async () => {
  const path = join(dir, 'a.json');
  const contents = Array.from({ length: 20 }, (_, index) => String(index).repeat(50_000));
  await Promise.all(contents.map(async (content) => await writeFileAtomic(path, content)));
  assert.ok(contents.includes(readFileSync(path, 'utf8')));
  assert.deepEqual(readdirSync(dir), ['a.json']);
});
