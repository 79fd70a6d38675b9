/** What a framework itself brings into the record: its own events, and what it asked a person. */
import { z } from 'zod';
import { Level } from './record.ts';

/** A line of the file that STEPWELL_EVENTS names. Names that are not listed are refused, so that nothing is dropped without a word. */
export const FrameworkEvent = z.strictObject({
  /** Key for analysis: letters, digits, `_`, `.`, `-`, at most 64. */
  event: z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, 'must be letters, digits, _ . -, a letter first, at most 64'),
  /** For people. Default: empty. */
  message: z.string().default(''),
  /** Severity. Default: `info`. */
  level: Level.default('info'),
  /** When it happened, ISO 8601 with zone, for those who write later than that. */
  timestamp: z.iso.datetime({ offset: true }).optional(),
  /** Any JSON object. Default: empty. */
  metadata: z.record(z.string(), z.unknown()).default({}),
});
export type FrameworkEvent = z.infer<typeof FrameworkEvent>;

/** One line of `hitl_events.jsonl`: a clarification asked and the fixed answer given. */
export const HitlEvent = z.object({
  /** When it was answered: ISO 8601, UTC. */
  timestamp: z.string(),
  /** Of the run in which it was asked. */
  run_id: z.string(),
  /** The step's id; null outside steps. */
  step: z.number().int().nullable(),
  /** From 1; null outside attempts. */
  attempt: z.number().int().nullable(),
  /** What the framework asked; secrets in it are masked. */
  query: z.string(),
  /** The fixed answer of the configuration; secrets in it are masked. */
  response: z.string(),
  /** Of the answer as the framework got it, in hex. */
  response_sha1: z.string(),
  /** UTF-16 units of the question before masking. */
  query_length: z.number().int(),
  /** UTF-16 units of the answer before masking. */
  response_length: z.number().int(),
});
export type HitlEvent = z.infer<typeof HitlEvent>;
