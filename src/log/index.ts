/** The log core: ambient run and step context, component loggers, routing to files, redaction. No dependencies. */
export { logtapeSink, pinoDestination, type BridgeOptions, type LogTapeRecord, type PinoDestination } from './bridges.ts';
export { MAX_RECORD_BYTES } from './line.ts';
export { getLogger, type LogFields, type Logger } from './logger.ts';
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
} from './context.ts';
export type { RunOptions } from './scope.ts';
