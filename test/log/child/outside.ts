/** Logs without a run, mirrors a run to stderr, and holds records for a run that never begins. */
import { getLogger, withPendingRun, withRun } from '../../../src/log/index.ts';

const [logsDir = '', exit = ''] = process.argv.slice(2);
const log = getLogger('outside', { component: 'adapter' });
log.info('no run', { metadata: { key: process.env['MY_API_KEY'] } });
withRun({ runId: 'r1', framework: 'f', logsDir, console: 'warn' }, () => {
  log.info('not mirrored');
  log.warn('mirrored');
});
withRun({ runId: 'r2', framework: 'f', logsDir }, () => log.fatal('not mirrored either'));
withPendingRun(() => {
  log.info('held for nothing');
  if (exit !== '') process.exit(3);
});
