import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

test('memory does not grow with the number of records: 300,000 fold in a heap that could not hold a tenth of them', async () => {
  const worker = new Worker(new URL('./fold-many.ts', import.meta.url), {
    workerData: 300_000,
    resourceLimits: { maxOldGenerationSizeMb: 20, maxYoungGenerationSizeMb: 8 },
  });
  const [counts] = await once(worker, 'message');
  assert.deepEqual(counts, { log_lines: 300_000, errors: 60_000, damaged: 60_000, api_calls: 60_000 });
  await worker.terminate();
});
