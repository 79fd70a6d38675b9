/** stepwell's proxy as a process of its own, with its ledger on disk as in a run. Prints its URL. */
import { join } from 'node:path';
import { withRun, withStep } from '../../src/log/index.ts';
import { loadPrices, startMeter } from '../../src/meter/index.ts';

const [baseUrl = '', directory = ''] = process.argv.slice(2);
const scope = { runId: 'bench', framework: 'bench', logsDir: join(directory, 'logs'), secrets: ['a-real-key-of-the-bench'] };
await withRun(scope, async () => {
  await using meter = await startMeter();
  const prices = await loadPrices({ overrides: {}, baseUrl: 'https://api.openai.com/v1' });
  const run = meter.openRun({ runId: 'bench', upstream: { baseUrl, apiKey: 'a-real-key-of-the-bench' }, prices });
  await withStep(1, { attempt: 1 }, async () => {
    console.log(run.openAttempt({ step: 1, attempt: 1 }).baseUrl);
    await new Promise((resolve) => process.once('SIGTERM', resolve));
  });
});
