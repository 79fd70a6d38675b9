import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areasIn, loadedBy } from './loaded.ts';

const entry = new URL('../src/read.ts', import.meta.url).href;
const WRITERS = ['log', 'exec', 'meter', 'cassette', 'validate', 'run', 'setup', 'frameworks', 'rehearsal', 'loopback'];

test('importing stepwell/read loads no area that runs or writes', () => {
  const areas = areasIn(loadedBy(`await import(${JSON.stringify(entry)});`));
  assert.ok(areas.includes('catalog'), areas.join(', '));
  assert.deepEqual(
    areas.filter((area) => [...WRITERS, 'experiment', 'reconcile', 'cli'].includes(area)),
    [],
  );
});
