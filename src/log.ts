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
  type PinoDestination,
  type RunOptions,
  type ScopeFacts,
} from './log/index.ts';
import { createRedactor as createSecretRedactor, type Redactor } from './secrets/index.ts';

export { collectSecrets, secretForms, type Redactor, type RedactorStream } from './secrets/index.ts';

/**
 * A redactor for the given secret values, beside the shapes of keys that are always known. Values under 8 characters are ignored.
 *
 * @example createRedactor({ values: ['hunter2-hunter2'] }).redact('pw=hunter2-hunter2') // 'pw=[redacted]'
 */
export const createRedactor: (options: { readonly values: Iterable<string> }) => Redactor = createSecretRedactor;
export type { Level } from './schema/index.ts';
