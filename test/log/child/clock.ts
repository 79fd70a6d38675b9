/** The wall clock is set back by an hour between lines. */
import { getLogger, withRun } from '../../../src/log/index.ts';

const [logsDir = ''] = process.argv.slice(2);
const real = Date.now;
withRun({ runId: 'r1', framework: 'f', logsDir }, () => {
  for (const shift of [0, -3_600_000, 5, -60_000, 10]) {
    Date.now = () => real() + shift;
    getLogger('clock').info(String(shift));
  }
});
