/** What went wrong, in a summary. */
import { z } from 'zod';
import { Level } from '../record.ts';

const count = z.number().int().nonnegative();

/** One recorded problem and its place in the logs. */
export const ProblemExample = z.object({
  /** ISO 8601. */
  timestamp: z.string(),
  /** `warn`, `error` or `fatal`. */
  level: Level,
  /** Who recorded it. */
  component: z.string(),
  /** The step's id; null outside steps. */
  step: z.number().int().nullable(),
  /** From 1; null outside attempts. */
  attempt: z.number().int().nullable(),
  /** The record's event. */
  event: z.string(),
  /** Message and the error's own words; at most 400 characters. */
  message: z.string(),
  /** Log file, relative to the run directory. */
  file: z.string(),
  /** From 1. */
  line: z.number().int(),
});
export type ProblemExample = z.infer<typeof ProblemExample>;

/** All are counted, the first and the last few are kept. */
export const ProblemSummary = z.object({
  /** All of them. */
  count,
  /** At most five. */
  first: z.array(ProblemExample),
  /** At most five that are not among the first. */
  last: z.array(ProblemExample),
});
export type ProblemSummary = z.infer<typeof ProblemSummary>;

/** Type, message and code of a recorded error, and of what caused it, outermost first. */
export const ErrorFacts = z.object({
  /** Its name or class, such as `TypeError`; at most 100 characters. */
  type: z.string(),
  /** At most 400 characters. */
  message: z.string(),
  /** Such as `ENOENT` or a code of stepwell; null where it has none. */
  code: z.union([z.string(), z.number()]).nullable(),
  /** At most five, as `type: message`. */
  causes: z.array(z.string()),
});
export type ErrorFacts = z.infer<typeof ErrorFacts>;
