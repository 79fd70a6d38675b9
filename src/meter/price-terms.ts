/** What a call is billed for, as far as the provider's own usage object tells it. */
import type { Billed } from './price-rates.ts';
import type { Usage } from './wire.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * Null when it cannot be told what the call is billed for: input or output is unknown, or the provider says that other
 * prices than the listed ones hold.
 */
export function billedFor(usage: Usage): Billed | null {
  if (usage.input === null || usage.output === null) return null;
  const raw = objectOf(usage.raw);
  if (hasOtherTerms(raw, usage.serviceTier) || hasOtherModality(raw)) return null;
  // Of Anthropic: compacting a conversation is a request of its own within this one, which the wire has added.
  const iterations: unknown = raw['iterations'];
  const compactions = Array.isArray(iterations) ? iterations.map(objectOf).filter(({ type }) => type === 'compaction') : [];
  return {
    input: usage.input,
    output: usage.output,
    cacheRead: usage.cacheRead ?? 0,
    cacheWrite: usage.cacheWrite ?? 0,
    cacheWrite1h: [raw, ...compactions]
      .map((part) => countOf(objectOf(part['cache_creation'])['ephemeral_1h_input_tokens']))
      .reduce((sum, tokens) => sum + tokens, 0),
    reasoning: usage.reasoning ?? 0,
    webSearches: countOf(objectOf(raw['server_tool_use'])['web_search_requests']),
  };
}

const LISTED_TIERS: readonly unknown[] = [undefined, null, 'standard', 'default', 'on_demand'];

/** A faster, slower or reserved tier, or (at Anthropic) processing in one country, has prices of its own. */
function hasOtherTerms(raw: Json, tier: string | undefined): boolean {
  if (!LISTED_TIERS.includes(tier) || !LISTED_TIERS.includes(raw['service_tier'])) return true;
  const [speed, geography] = [raw['speed'], raw['inference_geo']];
  return speed === 'fast' || geography === 'us';
}

/** Audio is priced apart from text, and by other units; so are images and video where a usage object tells them apart. */
function hasOtherModality(raw: Json): boolean {
  const details = ['prompt_tokens_details', 'completion_tokens_details', 'input_tokens_details', 'output_tokens_details'];
  if (details.some((name) => countOf(objectOf(raw[name])['audio_tokens']) + countOf(objectOf(raw[name])['image_tokens']) > 0))
    return true;
  // Gemini: one entry for each modality.
  return ['promptTokensDetails', 'candidatesTokensDetails'].some((name) => {
    const entries: unknown = raw[name];
    return (
      Array.isArray(entries) &&
      entries.map(objectOf).some(({ modality, tokenCount }) => modality === 'AUDIO' && countOf(tokenCount) > 0)
    );
  });
}

function objectOf(value: unknown): Json {
  // Any object may be read as one of unknown properties.
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function countOf(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0;
}
