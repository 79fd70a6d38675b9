/** The log core: ambient run and step context, component loggers, routing to files. No dependencies. */
export type { Logger } from './log/logger.ts';
