/** Logs so many lines of so many bytes as `name`, then ends. */
import { getLogger, syncRun, withRun, withStep } from '../../../src/log/index.ts';

const [logsDir = '', name = '', lines = '1', bytes = '100', sync = ''] = process.argv.slice(2);
withRun({ runId: 'r1', framework: 'f', logsDir }, () => {
  getLogger('lines').info('begin');
  withStep(1, () => {
    for (let n = 1; n <= Number(lines); n++) {
      getLogger('lines', { component: 'adapter' }).info('x'.repeat(Number(bytes)), { event: `${name}_${n}` });
    }
    if (sync !== '') syncRun();
  });
});
