import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { describeRun, readManifest, rebuildManifest, updateManifest } from '../../src/catalog/index.ts';
import { ManifestEntry, RunsManifest } from '../../src/schema/index.ts';
import { writeOriginalRun, writeRun } from './fixtures.ts';

let runsDir: string;
let manifestFile: string;
beforeEach(() => {
  runsDir = mkdtempSync(join(tmpdir(), 'stepwell-catalog-'));
  manifestFile = join(runsDir, 'runs_manifest.json');
});
afterEach(() => rmSync(runsDir, { recursive: true, force: true }));

async function ids(): Promise<string[]> {
  const found = await readManifest(runsDir);
  assert.equal(found.state, 'ok');
  return found.state === 'ok' ? found.manifest.runs.map((entry) => entry.run_id) : [];
}

test('an entry is added, then replaced, and totals and order are updated', async () => {
  writeRun(runsDir, { runId: '20261122-141503-bbbb', startedAt: '2026-11-22T14:15:03.000Z' });
  writeRun(runsDir, {
    runId: '20261121-141503-aaaa',
    framework: 'mytool',
    startedAt: '2026-11-21T14:15:03.000Z',
    status: 'failed',
  });
  await updateManifest(runsDir, await describeRun(runsDir, 'baseline/20261122-141503-bbbb'));
  await updateManifest(runsDir, await describeRun(runsDir, 'mytool/20261121-141503-aaaa'));
  await updateManifest(runsDir, { ...(await describeRun(runsDir, 'baseline/20261122-141503-bbbb')), status: 'crashed' });
  const manifest = RunsManifest.parse(JSON.parse(readFileSync(manifestFile, 'utf8')));
  assert.deepEqual(
    manifest.runs.map((run) => [run.run_id, run.status]),
    [
      ['20261121-141503-aaaa', 'failed'],
      ['20261122-141503-bbbb', 'crashed'],
    ],
  );
  assert.equal(manifest.total_runs, 2);
  assert.deepEqual(manifest.frameworks, { mytool: 1, baseline: 1 });
});

test('eight processes writing at once lose no entry', async () => {
  const catalog = new URL('../../src/catalog/index.ts', import.meta.url).href;
  const script = `
    import { updateManifest } from ${JSON.stringify(catalog)};
    const [runsDir, name] = process.argv.slice(1);
    for (let n = 0; n < 5; n += 1) await updateManifest(runsDir, { run_id: name + n, framework: 'f', path: 'f/' + name + n });
  `;
  writeFileSync(manifestFile, JSON.stringify({ version: '1.0', last_updated: '', total_runs: 0, frameworks: {}, runs: [] }));
  const codes = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, runsDir, `w${index}-`], { stdio: 'inherit' });
      return new Promise((resolve) => child.once('exit', resolve));
    }),
  );
  assert.deepEqual(codes, Array(8).fill(0));
  const expected = Array.from({ length: 8 }, (_, w) => Array.from({ length: 5 }, (__, n) => `w${w}-${n}`)).flat();
  assert.deepEqual((await ids()).toSorted(), expected.toSorted());
  assert.deepEqual(
    readdirSync(runsDir).filter((name) => name !== 'runs_manifest.json'),
    [],
    'no lock and no temporary file is left',
  );
});

for (const [what, text] of [
  ['cut off', '{"version":"1.0","runs":[{"run_id":"2026'],
  ['empty', ''],
  ['of another shape', '{"version":"1.0","last_updated":"","total_runs":1,"frameworks":{},"runs":[{"framework":"x"}]}'],
] as const) {
  test(`an index that is ${what} is moved aside and rebuilt, never treated as empty`, async () => {
    writeRun(runsDir, { runId: '20261122-141503-bbbb' });
    writeOriginalRun(runsDir);
    writeRun(runsDir, { runId: '20261122-151503-cccc', startedAt: '2026-11-22T15:15:03.000Z' });
    writeFileSync(manifestFile, text);
    assert.equal((await readManifest(runsDir)).state, 'damaged');
    const change = await updateManifest(runsDir, await describeRun(runsDir, 'baseline/20261122-151503-cccc'));
    assert.equal(change.runs, 3);
    assert.equal(readFileSync(join(runsDir, change.asideAs ?? ''), 'utf8'), text);
    assert.deepEqual(await ids(), ['7f0c9a52-5a0e-4c1c-9f37-0d7a3b1fe1aa', '20261122-141503-bbbb', '20261122-151503-cccc']);
  });
}

test('a missing index is created from the existing run directories', async () => {
  writeRun(runsDir, { runId: '20261122-141503-bbbb' });
  writeRun(runsDir, { runId: '20261122-151503-cccc', startedAt: '2026-11-22T15:15:03.000Z' });
  await updateManifest(runsDir, await describeRun(runsDir, 'baseline/20261122-151503-cccc'));
  assert.deepEqual(await ids(), ['20261122-141503-bbbb', '20261122-151503-cccc']);
});

test('a rebuild gives the same index as single updates, without deleted runs', async () => {
  const dir = writeRun(runsDir, { runId: '20261122-141503-bbbb' });
  writeOriginalRun(runsDir);
  await updateManifest(runsDir, await describeRun(runsDir, 'baseline/20261122-141503-bbbb'));
  const before = await readManifest(runsDir);
  await rebuildManifest(runsDir);
  const after = await readManifest(runsDir);
  assert.ok(before.state === 'ok' && after.state === 'ok');
  assert.deepEqual(after.manifest.runs, before.manifest.runs);
  rmSync(dir, { recursive: true });
  assert.equal((await rebuildManifest(runsDir)).runs, 1);
});

test('an index of the original system is read with null for missing fields, and unknown fields are kept', async () => {
  writeFileSync(
    manifestFile,
    JSON.stringify({
      version: '1.0',
      last_updated: '2025-10-20T14:45:12Z',
      total_runs: 1,
      frameworks: { baes: 1 },
      note: 'kept',
      runs: [
        {
          run_id: 'x',
          framework: 'baes',
          path: 'baes/x',
          start_time: null,
          end_time: null,
          verification_status: 'pending',
          total_tokens_in: 0,
          extra: [1],
        },
      ],
    }),
  );
  await updateManifest(runsDir, { ...(await describeRun(runsDir, 'baseline/y')) });
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as { note: string; runs: Record<string, unknown>[] };
  assert.equal(manifest.note, 'kept');
  const original = manifest.runs.find((run) => run['run_id'] === 'x');
  assert.deepEqual(original?.['extra'], [1]);
  assert.equal(original?.['model'], null);
});

test('a run of the original system is described from its own files, with null for missing fields', async () => {
  writeOriginalRun(runsDir);
  const entry = await describeRun(runsDir, 'chatdev/7f0c9a52-5a0e-4c1c-9f37-0d7a3b1fe1aa');
  assert.deepEqual(entry, {
    run_id: '7f0c9a52-5a0e-4c1c-9f37-0d7a3b1fe1aa',
    framework: 'chatdev',
    path: 'chatdev/7f0c9a52-5a0e-4c1c-9f37-0d7a3b1fe1aa',
    status: null,
    model: 'gpt-4o-mini',
    rehearsal: null,
    replay_of: null,
    start_time: '2025-10-20T14:23:45.000Z',
    end_time: '2025-10-20T14:45:12.000Z',
    duration_seconds: 1287.5,
    steps_succeeded: 1,
    steps_total: 2,
    verification_status: 'pending',
    provider_tokens_in: null,
    provider_tokens_out: null,
    total_api_calls: 122,
    total_tokens_in: 221_700,
    total_tokens_out: 75_700,
    tokens_complete: null,
    cost_usd: 0.42,
    archive_sha256: 'ab'.repeat(32),
    checks_digest: null,
  });
});

test('totals of a framework are sums over its runs, without rehearsals and replays; missing figures are reported', async () => {
  const entry = { framework: 'a', status: 'success' as const, rehearsal: false };
  const known = {
    ...entry,
    total_api_calls: 3,
    total_tokens_in: 100,
    total_tokens_out: 10,
    tokens_complete: true,
    cost_usd: 0.1,
  };
  const entries = [
    { ...known, run_id: '1', path: 'a/1' },
    { ...known, run_id: '2', path: 'a/2', cost_usd: 0.2, tokens_complete: false },
    { ...entry, run_id: '3', path: 'a/3', total_api_calls: 4 },
    { ...known, run_id: '4', path: 'a/4', rehearsal: true },
    { ...known, run_id: '6', path: 'a/6', replay_of: '1' },
    { ...entry, run_id: '5', path: 'b/5', framework: 'b' },
  ];
  for (const one of entries) await updateManifest(runsDir, ManifestEntry.parse(one));
  const read = async () => {
    const found = await readManifest(runsDir);
    return found.state === 'ok' ? found.manifest.totals : null;
  };
  assert.deepEqual(await read(), {
    a: {
      runs: 3,
      rehearsals: 1,
      replays: 1,
      api_calls: 10,
      tokens_in: 200,
      tokens_out: 20,
      cost_usd: 0.3,
      runs_with_incomplete_tokens: 2,
      runs_without_cost: 1,
    },
    b: {
      runs: 1,
      rehearsals: 0,
      replays: 0,
      api_calls: null,
      tokens_in: null,
      tokens_out: null,
      cost_usd: null,
      runs_with_incomplete_tokens: 1,
      runs_without_cost: 1,
    },
  });
  await updateManifest(runsDir, ManifestEntry.parse({ ...known, run_id: '2', path: 'a/2' }));
  const totals = await read();
  assert.deepEqual([totals?.['a']?.runs, totals?.['a']?.runs_with_incomplete_tokens, totals?.['a']?.cost_usd], [3, 1, 0.2]);
});
