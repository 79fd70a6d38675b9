/**
 * The log core for any program: run and step as context, a logger for each component, one file for each of them, secrets masked. It
 * loads no package.
 *
 * @example
 * import { getLogger, withRun, withStep } from 'stepwell/log';
 * await withRun({ runId: 'my-run', framework: 'mine', logsDir: 'runs/mine/my-run/logs' }, async () => {
 *   await withStep(1, async () => getLogger('work', { component: 'adapter' }).info('It begins'));
 * });
 */
export {
  captureScope,
  currentScope,
  DynamicFileHandler,
  flushRun,
  getLogger,
  LogContext,
  logtapeSink,
  MAX_RECORD_BYTES,
  pinoDestination,
  runRedactor,
  syncRun,
  withPendingRun,
  withRun,
  withStep,
  type BridgeOptions,
  type LogFields,
  type Logger,
  type LogTapeRecord,
  type RunOptions,
  type ScopeFacts,
} from './log/index.ts';
export { collectSecrets, createRedactor, secretForms, type Redactor, type RedactorStream } from './secrets/index.ts';
