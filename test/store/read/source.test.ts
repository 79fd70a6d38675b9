/** What a source gets from files that can only be opened. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openRunDirectory, createRunSource, type RunSource } from '../../../src/store/index.ts';
import { createMemoryBytes } from '../memory-bytes.ts';
import { describeSource } from '../source-contract.ts';

/** The files of a run directory as a store elsewhere could have them. */
async function inMemory(runDir: string, options: Parameters<typeof createMemoryBytes>[1] = {}): Promise<RunSource> {
  const files = await (await openRunDirectory(runDir)).files();
  const data = new Map(await Promise.all(files.map(async ({ path }) => [path, await readFile(join(runDir, path))] as const)));
  return createRunSource({
    kind: 'directory',
    location: 'store://runs/1',
    files: async (under = '') => files.filter(({ path }) => under === '' || path.startsWith(`${under}/`)),
    open: async (path) => {
      const bytes = data.get(path);
      return bytes === undefined ? null : createMemoryBytes(bytes, options);
    },
    [Symbol.asyncDispose]: async () => {},
  });
}

describeSource('files in memory', (runDir) => inMemory(runDir));
describeSource('files in memory, in short reads', (runDir) => inMemory(runDir, { maxReadBytes: 1000 }));

const one = (open: RunSource['open']): RunSource => {
  return createRunSource({
    kind: 'directory',
    location: 'store://runs/1',
    files: async () => [],
    open,
    [Symbol.asyncDispose]: async () => {},
  });
};

test('a failed read names the file and the reason, and closes the file', async () => {
  const bytes = createMemoryBytes(Buffer.alloc(200_000), { failAt: 100_000 });
  const source = one(async () => bytes);
  const lost = { code: 'RUN_UNREADABLE', message: /ECONNRESET, at logs\/run\.log of store:\/\/runs\/1/ };
  await assert.rejects(source.read('logs/run.log'), lost);
  assert.equal(bytes.isClosed, true);
  bytes.isClosed = false;
  let read = 0;
  await assert.rejects(async () => {
    for await (const piece of source.stream('logs/run.log')) read += piece.length;
  }, lost);
  assert.equal(read, 65_536);
  assert.equal(bytes.isClosed, true);
});

test('a file that claims to be larger than the limit is not read whole', async () => {
  const source = one(async () => createMemoryBytes(Buffer.from('{}'), { size: 2 ** 40 }));
  await assert.rejects(source.read('metadata.json'), { code: 'RUN_UNREADABLE', message: /metadata\.json/ });
});
