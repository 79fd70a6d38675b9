/** Reconciling as a process of its own: `node reconcile-process.ts RUNS_DIR TIME RUN`. Prints each result as a line of JSON. */
import { reconcileRuns } from '../../../src/reconcile/index.ts';

const [runsDir = '', time = '', run] = process.argv.slice(2);
const now = new Date(Number(time));
console.log('begins');
await reconcileRuns({
  runsDir,
  run,
  now: () => now,
  onResult: ({ action, state, reason }) => console.log(JSON.stringify({ action, state, reason })),
});
