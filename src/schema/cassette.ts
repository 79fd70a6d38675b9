/** `cassette.jsonl`: what a run asked models and what they answered, one exchange a line, in the order in which they ended. */
import { z } from 'zod';

/** Text as it is; bytes that are no UTF-8 in base64. */
export const ExchangeContent = z.union([z.string(), z.strictObject({ base64: z.string() })]);
export type ExchangeContent = z.infer<typeof ExchangeContent>;

export const CassetteExchange = z.object({
  /** From 1. */
  index: z.number().int().positive(),
  /** Null on a path that the meter does not understand. */
  wire: z.string().nullable(),
  method: z.string(),
  /** Behind the endpoint's root, with the query: `/v1/chat/completions`. */
  path: z.string(),
  /** Null outside of attempts. */
  step: z.number().int().nullable(),
  attempt: z.number().int().nullable(),
  /** Of the request in its canonical form (see docs/cassettes.md); null when the request was not held. */
  request_sha256: z.string().nullable(),
  /** Null when it was not held, or is too large to be kept. */
  request: ExchangeContent.nullable(),
  /** Null when no answer began. */
  status: z.number().int().nullable(),
  headers: z.record(z.string(), z.string()),
  /** Null when the answer is too large to be kept. */
  body: ExchangeContent.nullable(),
  /** False when the answer was cut, or is not kept. */
  complete: z.boolean(),
  streamed: z.boolean(),
  duration_seconds: z.number().nonnegative(),
});
export type CassetteExchange = z.infer<typeof CassetteExchange>;
