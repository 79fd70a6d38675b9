import { z } from 'zod';

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
