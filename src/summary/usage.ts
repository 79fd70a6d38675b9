/** Adding up the ledger: the same sums per attempt, per step and for the run. */
import type { EventMetadata, UsageSummary } from '../schema.ts';

/** A running sum. `known` counts how many calls contributed, so that a sum of nothing can be told from 0. */
interface Sum {
  total: number;
  known: number;
}

export interface UsageState {
  calls: number;
  requests: number;
  failed: number;
  open: number;
  late: number;
  withoutUsage: number;
  withoutPrice: number;
  estimated: number;
  unmeteredRequests: number;
  meteredAttempts: number;
  unmeteredAttempts: number;
  input: Sum;
  output: Sum;
  cached: Sum;
  cost: Sum;
  llmMilliseconds: number;
}

export function emptyUsage(): UsageState {
  return {
    calls: 0,
    requests: 0,
    failed: 0,
    open: 0,
    late: 0,
    withoutUsage: 0,
    withoutPrice: 0,
    estimated: 0,
    unmeteredRequests: 0,
    meteredAttempts: 0,
    unmeteredAttempts: 0,
    input: emptySum(),
    output: emptySum(),
    cached: emptySum(),
    cost: emptySum(),
    llmMilliseconds: 0,
  };
}

function emptySum(): Sum {
  return { total: 0, known: 0 };
}

/** A request was seen, by its start or, when the start is lost, by its end. */
export function addRequest(usage: UsageState, retryOf: string | null): void {
  usage.calls += 1;
  if (retryOf === null) usage.requests += 1;
}

export function addOutcome(usage: UsageState, call: EventMetadata<'llm_call'>, late: boolean): void {
  const input = call['gen_ai.usage.input_tokens'];
  const output = call['gen_ai.usage.output_tokens'];
  const tokensKnown = input !== null || output !== null;
  // A refused or unreachable request used nothing that anybody could report; one that broke off after an answer began did.
  const refused = call.outcome === 'http_error' || (call.outcome === 'upstream_error' && call.status === null);
  if (call.outcome !== 'ok') usage.failed += 1;
  if (late) usage.late += 1;
  if (!refused && (input === null || output === null)) usage.withoutUsage += 1;
  if (tokensKnown && call.cost_nano_usd === null) usage.withoutPrice += 1;
  if (call.usage_source === 'estimate') usage.estimated += 1;
  add(usage.input, input);
  add(usage.output, output);
  add(usage.cached, call['gen_ai.usage.cache_read.input_tokens']);
  add(usage.cost, call.cost_nano_usd);
  usage.llmMilliseconds += Math.round(call.duration_seconds * 1000);
}

function add(sum: Sum, value: number | null): void {
  if (value === null) return;
  sum.total += value;
  sum.known += 1;
}

/** True when something was there to measure: a metered attempt, or a call in the ledger. */
function measured(usage: UsageState): boolean {
  return usage.meteredAttempts > 0 || usage.calls > 0;
}

/** The sum as far as known; 0 only when the meter watched and there was nothing to add. */
function known(usage: UsageState, sum: Sum): number | null {
  if (sum.known > 0) return sum.total;
  return measured(usage) && usage.withoutUsage === 0 && usage.open === 0 ? 0 : null;
}

export function usageSummary(usage: UsageState): UsageSummary {
  const counted = measured(usage);
  const cached = known(usage, usage.cached);
  return {
    api_calls: counted ? usage.calls : null,
    llm_requests: counted ? usage.requests : null,
    failed_calls: usage.failed,
    open_calls: usage.open,
    late_calls: usage.late,
    calls_without_usage: usage.withoutUsage,
    calls_estimated: usage.estimated,
    unmetered_requests: usage.unmeteredRequests,
    unmetered_attempts: usage.unmeteredAttempts,
    tokens_in: known(usage, usage.input),
    tokens_out: known(usage, usage.output),
    // Providers that know no cache report no figure: with tokens but no cached ones at all, the cached share is unknown.
    tokens_cached: usage.cached.known === 0 && usage.input.known > 0 ? null : cached,
    llm_seconds: counted ? usage.llmMilliseconds / 1000 : null,
    cost_nano_usd: usage.withoutPrice > 0 ? null : known(usage, usage.cost),
  };
}

/** True when the figures are the whole use of models, false when they are a lower bound or nothing. */
export function isComplete(usage: UsageSummary): boolean {
  return (
    usage.tokens_in !== null &&
    usage.tokens_out !== null &&
    usage.open_calls + usage.calls_without_usage + usage.unmetered_requests + usage.unmetered_attempts === 0
  );
}
