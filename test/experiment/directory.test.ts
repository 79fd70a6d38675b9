import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { listRuns } from '../../src/catalog/index.ts';
import { createRunDirectory } from '../../src/experiment/directory.ts';
import { initialMetadata } from '../../src/experiment/metadata.ts';
import { recoverAll } from '../../src/experiment/recover-all.ts';
import { acquireLease, CREATE_LOCK, readLease, withFileLock } from '../../src/store/index.ts';

const facts = {
  framework: 'f',
  adapter: 'command',
  stepwell_version: '0',
  model: 'rehearsal',
  rehearsal: true,
  replay_of: null,
  round: 1,
  random_seed: null,
  config_sha256: '',
  checks_digest: null,
  steps: [],
  host: { hostname: 'h', os: 'o', arch: 'a', cpus: 1, memory_bytes: 1, node: 'v', tools: {} },
  project: { git_commit: null, git_dirty: null },
};
const metadataOf = (runId: string) => initialMetadata({ ...facts, run_id: runId }, '2026-01-01T00:00:00.000Z');

test('an existing run directory is never reused, and a new one appears complete', async () => {
  const runsDir = await mkdtemp(join(tmpdir(), 'stepwell-dir-'));
  try {
    await mkdir(join(runsDir, 'f', '20260101-000000-aaaa'), { recursive: true });
    await mkdir(join(runsDir, 'f', '20260101-000000-bbbb'), { recursive: true });
    await writeFile(join(runsDir, 'f', '20260101-000000-bbbb', 'something'), 'of the user');
    const ids = ['20260101-000000-aaaa', '20260101-000000-bbbb', '20260101-000000-cccc'];
    const made = await createRunDirectory({
      runsDir,
      framework: 'f',
      configText: 'a: 1\n',
      metadataOf,
      newId: () => ids.shift()!,
    });
    assert.equal(made.runId, '20260101-000000-cccc');
    assert.deepEqual((await readdir(made.runDir)).sort(), ['.stepwell', 'config.yaml', 'metadata.json']);
    assert.equal(JSON.parse(await readFile(join(made.runDir, 'metadata.json'), 'utf8')).run_id, made.runId);
    const lease = await readLease(made.runDir);
    assert.equal(lease !== null && lease !== 'damaged' && lease.run_id, made.runId);
    assert.deepEqual((await readdir(join(runsDir, 'f'))).length, 3);
    await made.lease.release();
    assert.equal(await readLease(made.runDir), null);
  } finally {
    await rm(runsDir, { recursive: true, force: true });
  }
});

test('concurrent runs get distinct directories', async () => {
  const runsDir = await mkdtemp(join(tmpdir(), 'stepwell-dir-'));
  try {
    let next = 0;
    // Every id comes up several times.
    const newId = () => `20260101-000000-000${Math.floor(next++ / 4)}`;
    const made = await Promise.all(
      Array.from({ length: 6 }, () => createRunDirectory({ runsDir, framework: 'f', configText: '', metadataOf, newId })),
    );
    assert.equal(new Set(made.map(({ runDir }) => runDir)).size, 6);
  } finally {
    await rm(runsDir, { recursive: true, force: true });
  }
});

test('recover removes the staging directory of a dead process, which never counts as a run', async () => {
  const runsDir = await mkdtemp(join(tmpdir(), 'stepwell-dir-'));
  try {
    const at = (...names: string[]) => join(runsDir, 'f', ...names);
    const lease = async (name: string, state: 'dead' | 'live' | 'elsewhere') => {
      const held = await acquireLease(at(name), { runId: name });
      const changed = { dead: { pid: 2 ** 22 + 1 }, live: {}, elsewhere: { host: 'elsewhere' } }[state];
      await writeFile(at(name, '.stepwell/lease.json'), JSON.stringify({ ...held.lease, ...changed }));
    };
    // Killed after the name was reserved, before anything else.
    await mkdir(at('20260101-000000-aaaa'), { recursive: true });
    // Killed before the lease was written, with the name reserved and without.
    await mkdir(at('20260101-000000-bbbb'));
    await mkdir(at('.new-20260101-000000-bbbb', '.stepwell'), { recursive: true });
    await mkdir(at('.new-20260101-000000-cccc'));
    // Killed before the directory got its name.
    await mkdir(at('20260101-000000-dddd'));
    await lease('.new-20260101-000000-dddd', 'dead');
    assert.deepEqual((await listRuns(runsDir)).runs, []);

    // Being made by a process that lives, or may live; and what is no run directory of ours.
    for (const state of ['live', 'elsewhere'] as const) {
      await mkdir(at(`20260101-000000-${state.slice(0, 4)}`));
      await lease(`.new-20260101-000000-${state.slice(0, 4)}`, state);
    }
    await mkdir(at('20260101-000000-user'));
    await writeFile(at('20260101-000000-user', 'something'), 'of the user');
    await mkdir(at('empty'));

    assert.deepEqual(await recoverAll(runsDir), []);
    const kept = [
      '.new-20260101-000000-else',
      '.new-20260101-000000-live',
      '20260101-000000-else',
      '20260101-000000-live',
      '20260101-000000-user',
      'empty',
    ];
    assert.deepEqual((await readdir(at())).sort(), kept);
  } finally {
    await rm(runsDir, { recursive: true, force: true });
  }
});

test('recover and the creation of a run directory exclude each other until the lease exists', async () => {
  const runsDir = await mkdtemp(join(tmpdir(), 'stepwell-dir-'));
  try {
    const parent = join(runsDir, 'f');
    const [own, building] = ['20260101-000000-aaaa', '.new-20260101-000000-aaaa'];
    await mkdir(join(parent, building), { recursive: true });
    await mkdir(join(parent, own));
    const others: Promise<unknown>[] = [];
    await withFileLock(join(parent, CREATE_LOCK), async () => {
      others.push(
        recoverAll(runsDir),
        createRunDirectory({ runsDir, framework: 'f', configText: '', metadataOf, newId: () => '20260101-000000-bbbb' }),
      );
      // More work than either of them would need to go wrong.
      for (let n = 0; n < 20; n++) await (await acquireLease(join(runsDir, `other-${n}`), { runId: own })).release();
      await acquireLease(join(parent, building), { runId: own });
      assert.deepEqual((await readdir(parent)).filter((name) => !name.startsWith(CREATE_LOCK)).sort(), [building, own]);
    });
    await Promise.all(others);
    assert.deepEqual((await readdir(parent)).sort(), [building, own, '20260101-000000-bbbb']);
  } finally {
    await rm(runsDir, { recursive: true, force: true });
  }
});
