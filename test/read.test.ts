import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeRun } from './catalog/fixtures.ts';
import { areasIn, loadedBy, packagesIn } from './loaded.ts';

const entry = new URL('../src/read.ts', import.meta.url).href;
const WRITERS = ['log', 'exec', 'meter', 'cassette', 'validate', 'run', 'setup', 'frameworks', 'rehearsal', 'loopback'];

test('importing stepwell/read loads no package and no area that runs or writes', () => {
  const loaded = loadedBy(`await import(${JSON.stringify(entry)});`);
  assert.deepEqual(packagesIn(loaded), []);
  const areas = areasIn(loaded);
  assert.ok(areas.includes('catalog'), areas.join(', '));
  assert.deepEqual(
    areas.filter((area) => [...WRITERS, 'experiment', 'reconcile', 'cli'].includes(area)),
    [],
  );
});

test('finding, opening and following a run loads no package; folding it loads zod', () => {
  const runsDir = mkdtempSync(join(tmpdir(), 'stepwell-read-'));
  try {
    writeRun(runsDir, { runId: '20261122-141503-bbbb' });
    const read = `const { findRun, foldRun, followRecords, openRun } = await import(${JSON.stringify(entry)});
      const found = await findRun(${JSON.stringify(runsDir)}, 'latest');
      await using source = await openRun(found);
      for await (const _ of followRecords(found.dir)) break;`;
    assert.deepEqual(packagesIn(loadedBy(read)), []);
    assert.deepEqual(packagesIn(loadedBy(`${read} await foldRun(source);`)), ['zod']);
  } finally {
    rmSync(runsDir, { recursive: true, force: true });
  }
});
