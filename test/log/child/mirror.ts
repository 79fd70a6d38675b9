/** Hostile texts in records with a run, mirrored to stderr, and without one. `process.argv[2]` is the log directory. */
import { getLogger, withRun } from '../../../src/log/index.ts';
import { HOSTILE } from '../../terminal/hostile.ts';

const log = getLogger('m', { component: 'adapter' });

function logAll(): void {
  for (const text of Object.values(HOSTILE)) {
    log.info(text, { metadata: { [text]: text }, error: new Error(text, { cause: new Error(text) }) });
    log.info('', { event: 'framework_event', metadata: { name: text } });
  }
}

withRun({ runId: 'abc123', framework: 'baes', logsDir: process.argv[2] ?? '', console: 'debug' }, logAll);
logAll();
