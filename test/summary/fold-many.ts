/** Folds as many records as it is told, without a log: started by bounded.test.ts with little memory. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ReadItem } from '../../src/store/index.ts';
import { foldRecords } from '../../src/summary/index.ts';
import { Recording } from './recording.ts';

const wanted = Number(workerData);

function* records(): Generator<ReadItem> {
  for (let count = 0; count < wanted;) {
    const recording = new Recording();
    recording.call({ step: 1, attempt: 1 });
    recording.output(1, 1, `line ${count} ${'x'.repeat(200)}`);
    recording.record('adapter', 'log', `trouble ${count} ${'y'.repeat(200)}`, {}, { step: 1, attempt: 1, level: 'error' });
    recording.raw('logs/step_001/adapter.log', 'no record');
    for (const item of recording.items()) {
      count += 1;
      yield item;
    }
  }
}

const { log_lines, errors, damaged, usage } = await foldRecords(records());
// A port between threads has no origin; the rule means windows.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
parentPort?.postMessage({ log_lines, errors: errors.count, damaged: damaged.count, api_calls: usage.api_calls });
