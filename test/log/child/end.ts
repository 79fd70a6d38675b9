/** Logs a hundred lines and ends in the way asked for, at once. */
import { getLogger, LogContext } from '../../../src/log/index.ts';

const [logsDir = '', way = '', mode = ''] = process.argv.slice(2);
const buffered = mode === 'buffered' ? ['adapter'] : [];
LogContext.getInstance().setRunContext({ runId: 'r1', framework: 'f', logsDir, buffered });
LogContext.getInstance().setStepContext(1);
const log = getLogger('end', { component: 'adapter' });
for (let index = 0; index < 100; index++) log.info(`line ${index}`);
if (way === 'exit') process.exit(7);
if (way === 'throw') throw new Error('thrown on purpose');
if (way === 'reject') void Promise.reject(new Error('rejected on purpose'));
if (way === 'terminate') process.kill(process.pid, 'SIGTERM');
if (way === 'kill') process.kill(process.pid, 'SIGKILL');
