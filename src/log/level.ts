import type { Level } from '../schema.ts';

/** Severities, least first: the schema's, as plain data, since the log core loads no library. */
export const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const satisfies readonly Level[];
