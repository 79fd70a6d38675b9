import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newRunId, RUN_ID } from '../../src/schema/index.ts';

test('a run id tells the UTC second and sorts by time', () => {
  assert.equal(
    newRunId(new Date('2026-11-22T14:15:03.999Z'), () => 0),
    '20261122-141503-aaaa',
  );
  assert.equal(
    newRunId(new Date('2026-11-22T14:15:03.999Z'), (below) => below - 1),
    '20261122-141503-9999',
  );
  assert.match(newRunId(), RUN_ID);
});
