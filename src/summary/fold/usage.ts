/** Adds up the ledger: the same totals per attempt, per step and for the run. */
import { addTo, emptySum, exactTotal, type Sum } from '../../format/index.ts';
import type { EventMetadata, UsageSummary } from '../../schema/index.ts';
import { fromRecordedCounts } from '../../schema/token-usage.ts';

export type UsageState = ReturnType<typeof emptyUsage>;

export function emptyUsage() {
  return {
    /** By the summary's field names. */
    counts: {
      api_calls: 0,
      llm_requests: 0,
      failed_calls: 0,
      open_calls: 0,
      late_calls: 0,
      calls_without_usage: 0,
      calls_estimated: 0,
      calls_without_price: 0,
      calls_by_current_attempt: 0,
      budget_refused: 0,
      lookups: 0,
      unmetered_requests: 0,
      unmetered_attempts: 0,
    },
    meteredAttempts: 0,
    inputTokens: emptySum(),
    outputTokens: emptySum(),
    cacheReadTokens: emptySum(),
    cacheWriteTokens: emptySum(),
    reasoningTokens: emptySum(),
    estimatedInputTokens: emptySum(),
    estimatedOutputTokens: emptySum(),
    cost: emptySum(),
    llmMilliseconds: 0,
  };
}

type Request = Pick<EventMetadata<'llm_call_start'>, 'retry_of' | 'attribution'>;

/** Counts a request at its start or, if the start is lost, at its end. */
export function addRequest({ counts }: UsageState, { retry_of, attribution }: Request): void {
  counts.api_calls += 1;
  if (retry_of === null) counts.llm_requests += 1;
  if (attribution === 'current_attempt') counts.calls_by_current_attempt += 1;
}

export function addOutcome(usage: UsageState, call: EventMetadata<'llm_call'>, late: boolean): void {
  const { counts } = usage;
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = fromRecordedCounts(call);
  const usageKnown = inputTokens !== null && outputTokens !== null;
  const refused = call.outcome === 'http_error' || call.outcome === 'unreachable';
  if (call.outcome !== 'ok') counts.failed_calls += 1;
  if (late) counts.late_calls += 1;
  if (!refused && !usageKnown) counts.calls_without_usage += 1;
  if (usageKnown && call.cost_nano_usd === null) counts.calls_without_price += 1;
  if (call.estimate !== null) {
    counts.calls_estimated += 1;
    addTo(usage.estimatedInputTokens, call.estimate.input_tokens);
    addTo(usage.estimatedOutputTokens, call.estimate.output_tokens);
  }
  addTo(usage.inputTokens, inputTokens);
  addTo(usage.outputTokens, outputTokens);
  addTo(usage.cacheReadTokens, cacheReadTokens);
  addTo(usage.cacheWriteTokens, cacheWriteTokens);
  addTo(usage.reasoningTokens, reasoningTokens);
  addTo(usage.cost, call.cost_nano_usd);
  usage.llmMilliseconds += Math.round(call.duration_seconds * 1000);
}

/** True when there was something to measure: a metered attempt, or a call in the ledger. */
function isMeasured({ meteredAttempts, counts }: UsageState): boolean {
  return meteredAttempts > 0 || counts.api_calls > 0;
}

/** The known total; 0 only when the run was metered and had nothing to add. */
function knownTotal(usage: UsageState, sum: Sum): number | null {
  if (sum.known > 0) return exactTotal(sum);
  return isMeasured(usage) && usage.counts.calls_without_usage === 0 && usage.counts.open_calls === 0 ? 0 : null;
}

/** A part of the tokens that not every provider reports: unknown if there are tokens but no such count. */
function knownPartTotal(usage: UsageState, part: Sum, whole: Sum): number | null {
  return part.known === 0 && whole.known > 0 ? null : knownTotal(usage, part);
}

export function usageSummary(usage: UsageState): UsageSummary {
  const { counts } = usage;
  const counted = isMeasured(usage);
  return {
    ...counts,
    api_calls: counted ? counts.api_calls : null,
    llm_requests: counted ? counts.llm_requests : null,
    tokens_in: knownTotal(usage, usage.inputTokens),
    tokens_out: knownTotal(usage, usage.outputTokens),
    tokens_cached: knownPartTotal(usage, usage.cacheReadTokens, usage.inputTokens),
    tokens_cache_write: knownPartTotal(usage, usage.cacheWriteTokens, usage.inputTokens),
    tokens_reasoning: knownPartTotal(usage, usage.reasoningTokens, usage.outputTokens),
    estimated_tokens_in: exactTotal(usage.estimatedInputTokens),
    estimated_tokens_out: exactTotal(usage.estimatedOutputTokens),
    llm_seconds: counted ? usage.llmMilliseconds / 1000 : null,
    cost_nano_usd: counts.calls_without_price > 0 ? null : knownTotal(usage, usage.cost),
  };
}

/** True when the figures cover all model usage, false when they are a lower bound or unknown. */
export function isComplete(usage: UsageSummary): boolean {
  return (
    usage.tokens_in !== null &&
    usage.tokens_out !== null &&
    usage.open_calls + usage.calls_without_usage + usage.unmetered_requests + usage.unmetered_attempts === 0
  );
}
