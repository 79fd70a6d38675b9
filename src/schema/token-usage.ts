/**
 * The names of token counts, in one mapping. In the code every count has the name on the left; in a record of a call it has
 * OpenTelemetry's GenAI name on the right. What a provider calls them is known only by its file in `meter/wires`; files such as
 * `metrics.json` keep the names of their format.
 */
const RECORD_FIELDS = {
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheReadTokens: 'gen_ai.usage.cache_read.input_tokens',
  cacheWriteTokens: 'gen_ai.usage.cache_write.input_tokens',
  reasoningTokens: 'gen_ai.usage.reasoning.output_tokens',
} as const;

type RecordFields = typeof RECORD_FIELDS;

/** Token counts of one call; null where a count is unknown. */
export interface TokenCounts {
  /** Includes cache reads and cache writes. */
  readonly inputTokens: number | null;
  /** Includes reasoning. */
  readonly outputTokens: number | null;
  /** Input tokens read from the provider's cache ("cached tokens"). */
  readonly cacheReadTokens: number | null;
  /** Input tokens written to the provider's cache. */
  readonly cacheWriteTokens: number | null;
  /** Output tokens spent on reasoning. */
  readonly reasoningTokens: number | null;
}

/** Token counts as a record of a call holds them. */
export type RecordedTokenCounts = { readonly [K in keyof TokenCounts as RecordFields[K]]: TokenCounts[K] };

export function toRecordedCounts(counts: TokenCounts | null): RecordedTokenCounts {
  return {
    [RECORD_FIELDS.inputTokens]: counts?.inputTokens ?? null,
    [RECORD_FIELDS.outputTokens]: counts?.outputTokens ?? null,
    [RECORD_FIELDS.cacheReadTokens]: counts?.cacheReadTokens ?? null,
    [RECORD_FIELDS.cacheWriteTokens]: counts?.cacheWriteTokens ?? null,
    [RECORD_FIELDS.reasoningTokens]: counts?.reasoningTokens ?? null,
  };
}

export function fromRecordedCounts(recorded: RecordedTokenCounts): TokenCounts {
  return {
    inputTokens: recorded[RECORD_FIELDS.inputTokens],
    outputTokens: recorded[RECORD_FIELDS.outputTokens],
    cacheReadTokens: recorded[RECORD_FIELDS.cacheReadTokens],
    cacheWriteTokens: recorded[RECORD_FIELDS.cacheWriteTokens],
    reasoningTokens: recorded[RECORD_FIELDS.reasoningTokens],
  };
}
