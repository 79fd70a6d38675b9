/** Records exchanges for ever and tells, by their index, which calls have returned. */
import { join } from 'node:path';
import { createRecorder } from '../../../src/cassette/index.ts';
import { withRun } from '../../../src/log/index.ts';
import { createRedactor } from '../../../src/secrets/index.ts';
import { chatBody, completion, exchange } from '../exchanges.ts';

const [runDir = '', runId = ''] = process.argv.slice(2);
await withRun({ runId, framework: 'baseline', logsDir: join(runDir, 'logs') }, async () => {
  const recorder = createRecorder({ runDir, runId, redactor: createRedactor({ values: [] }) });
  for (let index = 1; ; index++) {
    recorder.record(exchange(chatBody(`question ${index} ${'x'.repeat(20_000)}`), completion(`answer ${index}`)));
    process.stdout.write(`${index}\n`);
    if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
});
