/** `cassette.jsonl`: what a run asked models and what they answered, one exchange a line, in the order in which they ended. */
import { z } from 'zod';

/** Text as it is; bytes that are no UTF-8 in base64. */
export const ExchangeContent = z.union([z.string(), z.strictObject({ base64: z.string() })]);
export type ExchangeContent = z.infer<typeof ExchangeContent>;

/** One line of `cassette.jsonl`: a request to the model and what came back. */
export const CassetteExchange = z.object({
  /** From 1. */
  index: z.number().int().positive(),
  /** Null on a path that the meter does not understand. */
  wire: z.string().nullable(),
  /** HTTP method. */
  method: z.string(),
  /** Behind the endpoint's root, with the query: `/v1/chat/completions`. */
  path: z.string(),
  /** Null outside of attempts. */
  step: z.number().int().nullable(),
  /** From 1; null outside of attempts. */
  attempt: z.number().int().nullable(),
  /** Of the request in its canonical form (see docs/cassettes.md); null when the request was not held. */
  request_sha256: z.string().nullable(),
  /** Null when it was not held, or is too large to be kept. */
  request: ExchangeContent.nullable(),
  /** Null when no answer began. */
  status: z.number().int().nullable(),
  /** Of the answer, names in lower case: only `content-type` and the provider's request id are kept. */
  headers: z.record(z.string(), z.string()),
  /** Null when the answer is too large to be kept. */
  body: ExchangeContent.nullable(),
  /** False when the answer was cut, or is not kept. */
  complete: z.boolean(),
  /** True when the answer was a stream of server-sent events. */
  streamed: z.boolean(),
  /** Of the whole exchange. */
  duration_seconds: z.number().nonnegative(),
});
export type CassetteExchange = z.infer<typeof CassetteExchange>;
