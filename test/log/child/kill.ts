/** Logs lines of 50 bytes to 256 KiB until it is killed; tells on stdout which calls have returned. */
import { writeSync } from 'node:fs';
import { getLogger, withRun, withStep } from '../../../src/log/index.ts';

const [logsDir = '', name = ''] = process.argv.slice(2);
const components = ['adapter', 'metrics', 'validator'];
const loggers = components.map((component) => getLogger('kill', { component }));
withRun({ runId: 'r1', framework: 'f', logsDir }, () =>
  withStep(1, () => {
    for (let n = 1; ; n++) {
      // Mostly long lines, since only they are torn.
      const length = n % 3 !== 0 ? Math.floor(Math.random() * 255 * 1024) : Math.floor(Math.random() * 500);
      loggers[n % 3]?.info('x'.repeat(length), { event: `${name}_${n}` });
      writeSync(1, `${n}\n`);
    }
  }),
);
