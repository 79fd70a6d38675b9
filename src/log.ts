/** The log core: ambient run and step context, component loggers, routing to files. No dependencies. */
export type { LogFields, Logger } from './log/logger.ts';
export * from './log/interim.ts';
