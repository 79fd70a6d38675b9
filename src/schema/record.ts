import { z } from 'zod';
import { LEVELS } from './vocabulary.ts';

/** Severity of a record; `LEVELS` has them with the least first. */
export const Level = z.enum(LEVELS);
export type Level = z.infer<typeof Level>;

/** An error as a record holds it; `cause` nests. */
export interface RecordedError {
  /** Its name or class, such as `TypeError`; of a thrown value that is no object, the `typeof`. */
  type: string;
  /** Its own words; may be empty. */
  message: string;
  /** Absent where the error has none, or is one that stepwell expects. */
  stack?: string | undefined;
  /** What caused it; nested at most 16 deep. */
  cause?: RecordedError | undefined;
  /** Such as `ENOENT`; absent where the error has none. */
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
  /** The first field of a line, so that a search for `{"level":"error"` finds errors. */
  level: Level,
  /** ISO 8601, UTC, milliseconds, `Z`. */
  timestamp: z.string(),
  /** Where in the code. */
  module: z.string(),
  /** Also the name of the file. A string, since users may name components of their own. */
  component: z.string(),
  /** Of the run in whose context it was written; null where the line names none. */
  run_id: z.string().nullable(),
  /** Name of the run's framework; null where the line names none. */
  framework: z.string().nullable(),
  /** The step's id, or null outside steps. */
  step: z.number().int().nullable(),
  /** Key for analysis, in snake_case; `log` where none was given. */
  event: z.string(),
  /** For people; may be empty. */
  message: z.string(),
  /** Never absent. Of stepwell's own events it has the shape in {@link EVENT_METADATA}. */
  metadata: z.record(z.string(), z.unknown()),
  /** From 1; absent outside attempts. */
  attempt: z.number().int().optional(),
  /** Counts per run and writer from 1; a hole proves a loss. */
  seq: z.number().int().optional(),
  /** Six characters, new per process and run. */
  writer: z.string().optional(),
  /** The error that was logged; absent where none was. */
  error: RecordedError.optional(),
  /** The scope had ended when the line was written. */
  late: z.boolean().optional(),
  /** Bytes cut from message or metadata. */
  truncated: z.number().int().optional(),
  /** Of the tracing context; absent where none was given. */
  trace_id: z.string().optional(),
  /** Of the tracing context; absent where none was given. */
  span_id: z.string().optional(),
});
export type LogRecord = z.infer<typeof LogRecord>;

/** Milliseconds as the seconds of a record: to the millisecond. */
export function toSeconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}
