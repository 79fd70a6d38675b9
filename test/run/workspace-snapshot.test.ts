import assert from 'node:assert/strict';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { restoreSnapshot, takeSnapshot } from '../../src/run/workspace-snapshot.ts';

/** Everything that can be told of a tree, by path. */
async function factsOf(dir: string) {
  const facts: Record<string, { mtimeMs: number } & Record<string, unknown>> = {};
  for (const path of ['', ...(await readdir(dir, { recursive: true, encoding: 'latin1' })).sort()]) {
    // Names need not be UTF-8.
    const full = Buffer.from(join(dir, path), 'latin1');
    const { mode, mtimeMs, size } = lstatSync(full);
    const kind = mode & 0o170000;
    const content = kind === 0o100000 ? readFileSync(full, 'hex') : kind === 0o120000 ? await readlink(full) : null;
    facts[path] = { mode, mtimeMs, size: kind === 0o040000 ? null : size, content };
  }
  return facts;
}

/** Times are compared to two microseconds: a double of seconds holds no more. */
async function assertSame(dir: string, expected: Awaited<ReturnType<typeof factsOf>>): Promise<void> {
  const actual = await factsOf(dir);
  for (const [path, facts] of Object.entries(actual)) {
    const time = expected[path]?.mtimeMs ?? 0;
    assert.ok(Math.abs(facts.mtimeMs - time) < 0.002, `${path}: ${facts.mtimeMs} instead of ${time}`);
    facts.mtimeMs = time;
  }
  assert.deepEqual(actual, expected);
}

test('a workspace is restored with contents, modes, links and times to less than a millisecond', async () => {
  const root = mkdtempSync(join(tmpdir(), 'stepwell-workspace-'));
  try {
    const [workspace, snapshot] = [join(root, 'workspace'), join(root, 'snapshot')];
    mkdirSync(join(workspace, 'a/empty'), { recursive: true });
    mkdirSync(join(workspace, 'closed'));
    writeFileSync(join(workspace, 'a/bytes'), Buffer.from([0, 255, 10, 13]), { mode: 0o640 });
    writeFileSync(Buffer.concat([Buffer.from(join(workspace, 'a/name-')), Buffer.from([0xff])]), 'odd name');
    writeFileSync(join(workspace, 'closed/in'), 'x', { mode: 0o755 });
    linkSync(join(workspace, 'a/bytes'), join(workspace, 'hard'));
    symlinkSync('../outside', join(workspace, 'a/dangling'));
    symlinkSync('a', join(workspace, 'to-directory'));
    utimesSync(join(workspace, 'a/bytes'), 1_700_000_000.123_456, 1_700_000_000.123_456);
    utimesSync(join(workspace, 'a'), 1_600_000_000.5, 1_600_000_000.987_654);
    const before = await factsOf(workspace);

    await takeSnapshot(workspace, snapshot);
    rmSync(workspace, { recursive: true });
    mkdirSync(join(workspace, 'something/else'), { recursive: true });
    await restoreSnapshot(snapshot, workspace);
    await assertSame(workspace, before);
    // The copy serves every further attempt as well.
    await restoreSnapshot(snapshot, workspace);
    await assertSame(workspace, before);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
