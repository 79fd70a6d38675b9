/** Use of models in a summary: of the run, a step, an attempt, a phase, a model. */
import { z } from 'zod';
import { ClaimedUsage, FrameworkPhaseStatus } from '../status.ts';

const count = z.number().int().nonnegative();
const seconds = z.number().nonnegative();

/**
 * Use of models, added up from the ledger. Tokens are the sum over the calls that reported them, so they are a lower bound
 * while `unmetered_attempts`, `calls_without_usage`, `open_calls` or `unmetered_requests` is above 0; null when nothing was measured.
 */
export const UsageSummary = z.object({
  /** Requests made at the proxy, failed and unfinished ones included. */
  api_calls: count.nullable(),
  /** Logical requests: a failed call that was sent again counts once. */
  llm_requests: count.nullable(),
  /** Calls whose outcome is not `ok`: refused, aborted, cut off, unreachable. */
  failed_calls: count,
  /** Started, never ended: in flight, or cut off by the death of the process. */
  open_calls: count,
  /** Recorded after their attempt had ended. */
  late_calls: count,
  /** Answered calls without usage figures. */
  calls_without_usage: count,
  /** Those of them whose usage stepwell estimated; what it came to is below and in no total. */
  calls_estimated: count,
  /** Calls with usage and without a known cost. */
  calls_without_price: count,
  /** Calls sent to the run's URL, counted in the attempt that was going on. */
  calls_by_current_attempt: count,
  /** Requests that the proxy refused for a budget. They are no calls. */
  budget_refused: count,
  /** Requests that use no tokens, such as for the list of models. They are no calls. */
  lookups: count,
  /** Requests on paths the meter does not understand and that may have used tokens: those that only look something up are none. */
  unmetered_requests: count,
  /** Attempts whose framework was not given the proxy's URL. */
  unmetered_attempts: count,
  /** Cached tokens included. */
  tokens_in: count.nullable(),
  /** Reasoning included. */
  tokens_out: count.nullable(),
  /** Of `tokens_in`: read from the cache. Null also when no call reported it. */
  tokens_cached: count.nullable(),
  /** Of `tokens_in`: written to the cache. Null also when no call reported it. */
  tokens_cache_write: count.nullable(),
  /** Of `tokens_out`. Null also when no call reported it. */
  tokens_reasoning: count.nullable(),
  /** Input tokens of the estimated calls; null when there is no estimate. */
  estimated_tokens_in: count.nullable(),
  /** Output tokens of the estimated calls; null when there is no estimate. */
  estimated_tokens_out: count.nullable(),
  /** Sum of the calls' own durations; concurrent calls overlap. */
  llm_seconds: seconds.nullable(),
  /** Billionths of a US dollar. Null when a call with usage has no known cost; a lower bound where tokens are one. */
  cost_nano_usd: count.nullable(),
});
export type UsageSummary = z.infer<typeof UsageSummary>;

/**
 * The part of a usage that can be told apart for a phase of the framework's work. Figures of a phase without a call are null where
 * a call outside the phases may have been part of it.
 */
export const PhaseUsage = z.object({
  /** Requests made at the proxy, failed and unfinished ones included. */
  api_calls: count.nullable(),
  /** Logical requests: a failed call that was sent again counts once. */
  llm_requests: count.nullable(),
  /** Calls whose outcome is not `ok`: refused, aborted, cut off, unreachable. */
  failed_calls: count,
  /** Started, never ended: in flight, or cut off by the death of the process. */
  open_calls: count,
  /** Answered calls without usage figures. */
  calls_without_usage: count,
  /** Calls with usage and without a known cost. */
  calls_without_price: count,
  /** Cached tokens included. */
  tokens_in: count.nullable(),
  /** Reasoning included. */
  tokens_out: count.nullable(),
  /** Of `tokens_in`: read from the cache. Null also when no call reported it. */
  tokens_cached: count.nullable(),
  /** Of `tokens_in`: written to the cache. Null also when no call reported it. */
  tokens_cache_write: count.nullable(),
  /** Of `tokens_out`. Null also when no call reported it. */
  tokens_reasoning: count.nullable(),
  /** Sum of the calls' own durations; concurrent calls overlap. */
  llm_seconds: seconds.nullable(),
  /** Billionths of a US dollar. Null when a call with usage has no known cost. */
  cost_nano_usd: count.nullable(),
});
export type PhaseUsage = z.infer<typeof PhaseUsage>;

/** A phase of the framework's work: the calls sent to its own URL, and what the adapter says of it. */
export const PhaseSummary = PhaseUsage.extend({
  /** The framework's own name of it, at most 64 characters; `(other phases)` for all after the fiftieth. */
  phase: z.string(),
  /** How it ended the last time; null where the adapter did not say. */
  status: FrameworkPhaseStatus.nullable(),
  /** Over all times that it ran; null where one of them is unknown. */
  duration_seconds: seconds.nullable(),
});
export type PhaseSummary = z.infer<typeof PhaseSummary>;

/** What a framework said of its own use, added up over the attempts that said something. Never part of a measurement. */
export const ClaimSummary = ClaimedUsage.extend({
  /** True when some attempt said nothing, or not all: the sums are then of what was said. */
  partial: z.boolean(),
  /**
   * Largest difference of input or output tokens to what the proxy measured for the same attempts, in percent of the latter; null
   * where it was not measured.
   */
  difference_percent: z.number().nonnegative().nullable(),
});
export type ClaimSummary = z.infer<typeof ClaimSummary>;

/** Use of one model in the whole run. */
export const ModelSummary = z.object({
  /** The model asked for, else the one that answered, else `unknown`. */
  model: z.string(),
  /** What the answers called themselves; the first few. */
  answered_as: z.array(z.string()),
  /** Requests made at the proxy, failed and unfinished ones included. */
  api_calls: count,
  /** Calls whose outcome is not `ok`: refused, aborted, cut off, unreachable. */
  failed_calls: count,
  /** Started, never ended: in flight, or cut off by the death of the process. */
  open_calls: count,
  /** Cached tokens included; null when not measured. */
  tokens_in: count.nullable(),
  /** Reasoning included; null when not measured. */
  tokens_out: count.nullable(),
  /** Of `tokens_in`: read from the cache; null when no call reported it. */
  tokens_cached: count.nullable(),
  /** Of `tokens_in`: written to the cache; null when no call reported it. */
  tokens_cache_write: count.nullable(),
  /** Of `tokens_out`; null when no call reported it. */
  tokens_reasoning: count.nullable(),
  /** Sum of the calls' own durations; concurrent calls overlap. */
  llm_seconds: seconds,
  /** Billionths of a US dollar. Null when a call with usage has no known cost. */
  cost_nano_usd: count.nullable(),
  /** Calls with usage and without a known cost. */
  calls_without_price: count,
});
export type ModelSummary = z.infer<typeof ModelSummary>;
