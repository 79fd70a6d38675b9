import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { rebuildManifest } from '../../src/catalog/index.ts';
import { isWrittenManifest } from '../../src/catalog/written-manifest.ts';
import { RunsManifest } from '../../src/schema/index.ts';
import { writeOriginalRun, writeRun } from './fixtures.ts';

type Json = Record<string, unknown>;

const entry: Json = {
  run_id: '20261122-141503-k3f9',
  framework: 'baseline',
  path: 'baseline/20261122-141503-k3f9',
  status: 'success',
  model: 'm',
  rehearsal: false,
  replay_of: null,
  start_time: '2026-11-22T14:15:03.000Z',
  end_time: null,
  duration_seconds: 1.5,
  steps_succeeded: 1,
  steps_total: 2,
  verification_status: 'verified',
  provider_tokens_in: null,
  provider_tokens_out: null,
  total_api_calls: 3,
  total_tokens_in: 4,
  total_tokens_out: 5,
  tokens_complete: true,
  cost_usd: 0.25,
  archive_sha256: null,
  checks_digest: null,
};
const totals: Json = {
  runs: 1,
  rehearsals: 0,
  replays: 0,
  api_calls: 3,
  tokens_in: null,
  tokens_out: 5,
  cost_usd: 0.25,
  runs_with_incomplete_tokens: 0,
  runs_without_cost: 0,
};
const manifest: Json = { version: '1.2', last_updated: 'now', total_runs: 1, frameworks: { baseline: 1 }, totals: {}, runs: [] };

/** An object with one field taken out, put in or given another value, or as it is. */
function changed(from: Json): fc.Arbitrary<Json> {
  const odd = fc.constantFrom<unknown>(null, '', 'x', 0, -1, 0.5, 1e300, Infinity, true, [], {}, [1], { a: 1 }, undefined);
  const name = fc.constantFrom(...Object.keys(from), 'unknown', '__proto__');
  const one = fc.tuple(name, odd);
  return fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: one }).map((change) => {
    if (change === null) return from;
    const entries = Object.entries(from).filter(([key]) => key !== change[0]);
    return Object.fromEntries(change[1] === undefined ? entries : [...entries, change]);
  });
}

const manifests = fc
  .record({
    top: changed(manifest),
    runs: fc.array(changed(entry), { maxLength: 3 }),
    totals: changed({ baseline: totals }),
    of: changed(totals),
  })
  .map(({ top, runs, totals: by, of }) => {
    const whole = 'baseline' in by ? { ...by, baseline: by['baseline'] === totals ? of : by['baseline'] } : by;
    return { ...top, ...(Array.isArray(top['runs']) ? { runs } : {}), ...('totals' in top ? { totals: whole } : {}) };
  });

test('what is known at sight as an index of ours, the schema accepts unchanged', () => {
  let accepted = 0;
  fc.assert(
    fc.property(manifests, (value) => {
      if (!isWrittenManifest(value)) return;
      accepted += 1;
      assert.deepEqual(RunsManifest.parse(value), value);
    }),
    { numRuns: 2000 },
  );
  assert.ok(accepted > 100, `${accepted} of 2000 were accepted`);
});

test('the index that stepwell writes is known at sight', async () => {
  const runsDir = mkdtempSync(join(tmpdir(), 'stepwell-catalog-'));
  try {
    writeRun(runsDir, { runId: '20261122-141503-bbbb' });
    writeOriginalRun(runsDir);
    await rebuildManifest(runsDir);
    assert.ok(isWrittenManifest(JSON.parse(readFileSync(join(runsDir, 'runs_manifest.json'), 'utf8'))));
  } finally {
    rmSync(runsDir, { recursive: true, force: true });
  }
});
