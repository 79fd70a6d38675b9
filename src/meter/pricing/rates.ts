/** What a call is billed for and what that costs, exactly: rates are integers, and a call's cost is rounded once. */
import type { ModelPrice } from '../../schema.ts';
import { countOf, objectOf, objectsOf, type Json } from '../wires/json.ts';
import type { Usage } from '../wires/wire.ts';

/** Billionths of a US dollar per million units, the smallest that a price is read to. */
interface Rate {
  readonly base: bigint;
  /** Replaces `base` for every token of a call whose input is above `above` tokens; ascending. */
  readonly tiers: readonly { readonly above: number; readonly rate: bigint }[];
}

export interface Rates {
  readonly input: Rate;
  /** Null: output has no price, as for embeddings. */
  readonly output: Rate | null;
  readonly reasoning: Rate | null;
  readonly cacheRead: Rate;
  readonly cacheWrite: Rate;
  /** Entries kept for an hour. */
  readonly cacheWrite1h: Rate;
  /** Fees beside the tokens; null: there is no price for one. */
  readonly webSearch: bigint | null;
  readonly request: bigint;
}

/** What a call is billed for. Input includes what was read from and written to the cache, output includes reasoning. */
export interface BillableUsage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** Of `cacheWrite`. */
  readonly cacheWrite1h: number;
  readonly reasoning: number;
  readonly webSearches: number;
}

const PER_MILLION = 1_000_000n;
const NANO = 1e9;

export type LibraryPrice = number | { readonly base: number; readonly tiers: readonly { start: number; price: number }[] };

function rate(usdPerMillion: LibraryPrice): Rate {
  if (typeof usdPerMillion === 'number') return { base: BigInt(Math.round(usdPerMillion * NANO)), tiers: [] };
  const tiers = usdPerMillion.tiers
    .map(({ start, price }) => ({ above: start, rate: BigInt(Math.round(price * NANO)) }))
    .sort((a, b) => a.above - b.above);
  return { base: BigInt(Math.round(usdPerMillion.base * NANO)), tiers };
}

/** The rates of a price of the configuration. */
export function configuredRates(price: ModelPrice): Rates {
  const input = rate(price.input_price);
  const output = rate(price.output_price);
  const cacheWrite = rate(price.cache_write_price ?? price.input_price);
  return {
    input,
    output,
    reasoning: output,
    cacheRead: rate(price.cached_price ?? price.input_price),
    cacheWrite,
    cacheWrite1h: price.cache_write_1h_price === undefined ? cacheWrite : rate(price.cache_write_1h_price),
    webSearch: null,
    request: 0n,
  };
}

/** The rates of a price of the library, by its names for them; null when it does not price tokens. */
export function libraryRates(prices: Readonly<Record<string, LibraryPrice | undefined>>): Rates | null {
  const of = (key: string): Rate | null => {
    const price = prices[key];
    return price === undefined ? null : rate(price);
  };
  const perThousand = (key: string): bigint | null => {
    const found = of(key);
    return found === null ? null : found.base * 1000n;
  };
  const input = of('input_mtok');
  if (input === null) return null;
  const output = of('output_mtok');
  const cacheWrite = of('cache_write_mtok') ?? input;
  return {
    input,
    output,
    reasoning: of('output_reasoning_mtok') ?? output,
    cacheRead: of('cache_read_mtok') ?? input,
    cacheWrite,
    cacheWrite1h: of('cache_write_1h_mtok') ?? cacheWrite,
    webSearch: perThousand('web_searches_kcount'),
    request: perThousand('requests_kcount') ?? 0n,
  };
}

/** Whole billionths of a US dollar, rounded half up; null when something of the call has no price. */
export function charge(rates: Rates, usage: BillableUsage): number | null {
  const at = (quantity: number, { base, tiers }: Rate): bigint =>
    BigInt(quantity) * (tiers.findLast(({ above }) => usage.input > above)?.rate ?? base);
  // A provider that states more parts than it states in all is taken at the whole.
  const cacheRead = Math.min(usage.cacheRead, usage.input);
  const cacheWrite = Math.min(usage.cacheWrite, usage.input - cacheRead);
  const cacheWrite1h = Math.min(usage.cacheWrite1h, cacheWrite);
  const reasoning = Math.min(usage.reasoning, usage.output);
  let total =
    rates.request +
    at(usage.input - cacheRead - cacheWrite, rates.input) +
    at(cacheRead, rates.cacheRead) +
    at(cacheWrite - cacheWrite1h, rates.cacheWrite) +
    at(cacheWrite1h, rates.cacheWrite1h);
  if (usage.output > 0) {
    if (rates.output === null || rates.reasoning === null) return null;
    total += at(usage.output - reasoning, rates.output) + at(reasoning, rates.reasoning);
  }
  if (usage.webSearches > 0) {
    if (rates.webSearch === null) return null;
    total += BigInt(usage.webSearches) * rates.webSearch;
  }
  const nano = (total + PER_MILLION / 2n) / PER_MILLION;
  return nano > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(nano);
}

/**
 * As far as the provider's own usage object tells it. Null when that cannot be told: input or output is unknown, or the provider
 * says that other prices than the listed ones hold.
 */
export function billableUsage(usage: Usage): BillableUsage | null {
  if (usage.input === null || usage.output === null) return null;
  const raw = objectOf(usage.raw) ?? {};
  if (hasOtherTerms(raw, usage.serviceTier) || hasOtherModality(raw)) return null;
  // Of Anthropic: compacting a conversation is a request of its own within this one, which the wire has added.
  const compactions = objectsOf(raw['iterations']).filter(({ type }) => type === 'compaction');
  return {
    input: usage.input,
    output: usage.output,
    cacheRead: usage.cacheRead ?? 0,
    cacheWrite: usage.cacheWrite ?? 0,
    cacheWrite1h: [raw, ...compactions]
      .map((part) => countIn(part['cache_creation'], 'ephemeral_1h_input_tokens'))
      .reduce((sum, tokens) => sum + tokens, 0),
    reasoning: usage.reasoning ?? 0,
    webSearches: countIn(raw['server_tool_use'], 'web_search_requests'),
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
  if (details.some((name) => countIn(raw[name], 'audio_tokens') + countIn(raw[name], 'image_tokens') > 0)) return true;
  // Gemini: one entry for each modality.
  return ['promptTokensDetails', 'candidatesTokensDetails'].some((name) =>
    objectsOf(raw[name]).some((entry) => entry['modality'] === 'AUDIO' && countIn(entry, 'tokenCount') > 0),
  );
}

/** A count that is not stated is none. */
function countIn(value: unknown, name: string): number {
  return countOf(objectOf(value)?.[name]) ?? 0;
}
