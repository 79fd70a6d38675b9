import { z } from 'zod';
import { LEVELS } from './vocabulary.ts';

export const Level = z.enum(LEVELS);
export type Level = z.infer<typeof Level>;

/** An error as it stands in a record; `cause` nests. */
export interface RecordedError {
  type: string;
  message: string;
  stack?: string | undefined;
  cause?: RecordedError | undefined;
  code?: string | number | undefined;
}

export const RecordedError: z.ZodType<RecordedError> = z.lazy(() =>
  z.object({
    type: z.string(),
    message: z.string(),
    stack: z.string().optional(),
    cause: RecordedError.optional(),
    code: z.union([z.string(), z.number()]).optional(),
  }),
);

/**
 * One line of a log file. This is the strict shape that stepwell writes; readers go through `parseRecord`, which also
 * accepts lines of the original system (upper-case levels, fields absent).
 */
export const LogRecord = z.object({
  level: Level,
  /** ISO 8601, UTC, milliseconds, `Z`. */
  timestamp: z.string(),
  /** Where in the code. */
  module: z.string(),
  /** Also the name of the file. A string, since users may name components of their own. */
  component: z.string(),
  run_id: z.string().nullable(),
  framework: z.string().nullable(),
  /** The step's id, or null outside steps. */
  step: z.number().int().nullable(),
  event: z.string(),
  message: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  attempt: z.number().int().optional(),
  /** Counts per run and writer from 1; a hole proves a loss. */
  seq: z.number().int().optional(),
  /** Six characters, new per process and run. */
  writer: z.string().optional(),
  error: RecordedError.optional(),
  /** The scope had ended when the line was written. */
  late: z.boolean().optional(),
  /** Bytes cut from message or metadata. */
  truncated: z.number().int().optional(),
  trace_id: z.string().optional(),
  span_id: z.string().optional(),
});
export type LogRecord = z.infer<typeof LogRecord>;

/** Milliseconds as the seconds of a record: to the millisecond. */
export function toSeconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}
