/** Local files by ranges: regular ones only, and open until they are disposed of. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openLocalFile, sha256OfFile } from '../../../src/store/index.ts';

const dir = mkdtempSync(join(tmpdir(), 'stepwell-local-'));
after(() => rmSync(dir, { recursive: true }));
const data = Buffer.alloc(200_000, 'local');
const path = join(dir, 'file');
writeFileSync(path, data);

test('a local file serves ranges until it is closed', async () => {
  const file = await openLocalFile(path);
  assert.ok(file !== null);
  assert.equal(file.size, data.length);
  assert.equal((await file.read(5, 5)).toString(), 'local');
  assert.equal((await file.read(data.length, 10)).length, 0);
  await file[Symbol.asyncDispose]();
  await assert.rejects(file.read(0, 1), { code: 'EBADF' });
});

test('sha256OfFile hashes all bytes or the first ones', async () => {
  assert.equal(await sha256OfFile(path), createHash('sha256').update(data).digest('hex'));
  assert.equal(await sha256OfFile(path, 7), createHash('sha256').update(data.subarray(0, 7)).digest('hex'));
  await assert.rejects(sha256OfFile(dir), /not a regular file/);
});

test('pipes and directories are not opened, and symlinks are followed only on request', async () => {
  execFileSync('mkfifo', [join(dir, 'pipe')]);
  assert.equal(await openLocalFile(join(dir, 'pipe')), null);
  assert.equal(await openLocalFile(dir), null);
  symlinkSync(path, join(dir, 'link'));
  await assert.rejects(openLocalFile(join(dir, 'link')), { code: 'ELOOP' });
  await using file = await openLocalFile(join(dir, 'link'), { followLinks: true });
  assert.equal(file?.size, data.length);
});
