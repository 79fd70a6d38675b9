/** What a framework itself brings into the record: its own events, and what it asked a person. */
import { z } from 'zod';
import { Level } from './record.ts';

/** A line of the file that STEPWELL_EVENTS names. Names that are not listed are refused, so that nothing is dropped without a word. */
export const FrameworkEvent = z.strictObject({
  /** Key for analysis: letters, digits, `_`, `.`, `-`, at most 64. */
  event: z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, 'must be letters, digits, _ . -, a letter first, at most 64'),
  message: z.string().default(''),
  level: Level.default('info'),
  /** When it happened, ISO 8601 with zone, for those who write later than that. */
  timestamp: z.iso.datetime({ offset: true }).optional(),
  metadata: z.record(z.string(), z.unknown()).default({}),
});
export type FrameworkEvent = z.infer<typeof FrameworkEvent>;

/** One line of `hitl_events.jsonl`: a clarification asked and the fixed answer given. */
export const HitlEvent = z.object({
  timestamp: z.string(),
  run_id: z.string(),
  step: z.number().int().nullable(),
  attempt: z.number().int().nullable(),
  query: z.string(),
  response: z.string(),
  response_sha1: z.string(),
  query_length: z.number().int(),
  response_length: z.number().int(),
});
export type HitlEvent = z.infer<typeof HitlEvent>;
