import { z } from 'zod';

/** Severities, least first. */
export const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;

export const Level = z.enum(LEVELS);
export type Level = z.infer<typeof Level>;
