/** The log core: ambient run and step context, component loggers, routing to files, redaction. No dependencies. */
export { logtapeSink, pinoDestination, type BridgeOptions, type LogTapeRecord } from './log/bridges.ts';
export { DynamicFileHandler } from './log/handler.ts';
export { MAX_RECORD_BYTES } from './log/line.ts';
export { getLogger, type LogFields, type Logger } from './log/logger.ts';
export { collectSecrets, createRedactor, secretForms, type Redactor, type RedactorStream } from './secrets.ts';
export {
  captureScope,
  currentScope,
  flushRun,
  LogContext,
  runRedactor,
  syncRun,
  withPendingRun,
  withRun,
  withStep,
  type ScopeFacts,
} from './log/run.ts';
export type { RunOptions } from './log/scope.ts';
