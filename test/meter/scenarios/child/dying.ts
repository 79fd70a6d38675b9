/** A process that makes one whole call and is killed in the middle of two others. Arguments: upstream base URL, logs directory. */
import { withRun, withStep } from '../../../../src/log/index.ts';
import { startMeter, unpriced } from '../../../../src/meter/index.ts';
import { postChatCompletion, STREAMED_CHAT_REQUEST, CHAT_REQUEST } from '../../metered-attempt.ts';

const [baseUrl = '', logsDir = ''] = process.argv.slice(2);
await withRun({ runId: 'run-1', framework: 'baseline', logsDir }, async () => {
  const meter = await startMeter();
  const run = meter.openRun({ runId: 'run-1', upstream: { baseUrl, apiKey: null }, prices: unpriced('none') });
  await withStep(1, { attempt: 1 }, async () => {
    const endpoint = run.openAttempt({ step: 1, attempt: 1 });
    await (await postChatCompletion(endpoint, CHAT_REQUEST)).text();
    const hanging = postChatCompletion(endpoint, { ...CHAT_REQUEST, hang: true });
    const stream = await postChatCompletion(endpoint, { ...STREAMED_CHAT_REQUEST, hang: true });
    await stream.body?.getReader().read();
    process.stdout.write('under way\n');
    await hanging;
  });
});
