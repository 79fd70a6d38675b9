// The log core in a program of your own: two runs at once, each line in the right file. From the top of a clone:
//   node examples/logging/two-runs.mjs
import { getLogger, withRun, withStep } from 'stepwell/log';
import { setTimeout as pause } from 'node:timers/promises';

const log = getLogger('two-runs', { component: 'adapter' });

async function work(runId) {
  await withRun({ runId, framework: 'mine', logsDir: `runs/mine/${runId}/logs` }, async () => {
    for (const step of [1, 2, 3]) {
      await withStep(step, async () => {
        log.info('began', { event: 'work_began', metadata: { step } });
        await pause(Math.random() * 20);
        log.info('ended', { event: 'work_ended' });
      });
    }
  });
}

await Promise.all([work('first'), work('second')]);
