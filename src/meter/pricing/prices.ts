/** The cost of a call in integer billionths of a US dollar: by the configured prices, otherwise by those of the price library. */
import { pluralize } from '../../format/index.ts';
import type { EventMetadata, ModelPrice } from '../../schema/index.ts';
import { countOf, objectOf, objectsOf, type Json } from '../wires/json.ts';
import type { Usage } from '../wires/wire.ts';
import { openPriceLibrary, type PriceLibrary, type PriceList } from './library.ts';
import { configuredRates, type Rate, type Rates } from './rates.ts';

/** What a call costs. */
export interface Cost {
  /** Billionths of a US dollar, a whole number; null when there is no price, or the usage is unknown. */
  readonly nanoUsd: number | null;
  /** `config:<model>` or `genai-prices@<version>:<provider>/<model>`; null when there is no price for the model. */
  readonly source: string | null;
}

/** What the price of a call depends on. */
export interface PricedCall {
  /** The model that the request names; null when it names none. */
  readonly requestModel: string | null;
  /** The model that the response names, which is asked for its price first; null when it names none. */
  readonly responseModel: string | null;
  /** As the provider reported it; null when it did not. */
  readonly usage: Usage | null;
  /** When the call started: prices are dated. */
  readonly at: Date;
}

/** The prices for the models of one endpoint. */
export interface PriceBook {
  /** Metadata of the run's `prices_loaded` record, whose text is `message`. */
  readonly facts: EventMetadata<'prices_loaded'>;
  /** One sentence that says which prices are used. */
  readonly message: string;
  /** True when the model has a price at that time; `at` defaults to now. */
  hasPrice(model: string, at?: Date): boolean;
  /** The cost of one call. Null, never 0, when it is unknown. */
  costOf(call: PricedCall): Cost;
}

/** The offline scripted model. It is never charged for, least of all at the price of the model that it replaces. */
const REHEARSAL_MODEL = 'rehearsal';
const NO_COST: Cost = { nanoUsd: null, source: null };

/**
 * Prices for one endpoint. Configured prices come first, for the model named in the response, then for the one in the request;
 * then the library's in the same order. The library is used only for hosts of providers that it knows: a model that calls
 * itself `gpt-4o` elsewhere has no price.
 *
 * @param options.overrides the configured prices by model, in US dollars per million tokens
 * @param options.baseUrl of the upstream; null uses only the configured prices
 * @example
 * const prices = await loadPrices({ overrides: {}, baseUrl: 'https://api.openai.com/v1' });
 * prices.hasPrice('gpt-4o-mini'); // true
 */
export async function loadPrices(options: {
  readonly overrides: Readonly<Record<string, ModelPrice>>;
  readonly baseUrl: string | null;
}): Promise<PriceBook> {
  const { overrides, baseUrl } = options;
  const configured = new Map(Object.entries(overrides).map(([model, price]) => [model, configuredRates(price)]));
  const library = baseUrl === null ? null : await openPriceLibrary();
  const list = library === null || baseUrl === null ? null : library.listFor(baseUrl);

  const find = (names: readonly string[], at: Date): { rates: Rates; source: string } | null => {
    for (const name of names) {
      const rates = configured.get(name);
      if (rates !== undefined) return { rates, source: `config:${name}` };
    }
    if (library === null || list === null) return null;
    for (const name of names) {
      const listed = list.priceOf(name, at);
      if (listed !== null) return { rates: listed.rates, source: `${library.name}@${library.version}:${listed.name}` };
    }
    return null;
  };

  return {
    facts: {
      source: list === null ? null : (library?.name ?? null),
      version: list === null ? null : (library?.version ?? null),
      sha256: list === null ? null : (library?.sha256 ?? null),
      overrides: [...configured.keys()],
    },
    message: priceMessage(library, list, configured.size),
    hasPrice: (model, at = new Date()) => model !== REHEARSAL_MODEL && find([model], at) !== null,
    costOf({ requestModel: asked, responseModel: answered, usage, at }) {
      const names = [answered, asked].filter((name) => name !== null);
      if (names[0] === REHEARSAL_MODEL) return NO_COST;
      const found = find(names, at);
      if (found === null) return NO_COST;
      const billable = usage === null ? null : billableUsage(usage);
      return { nanoUsd: billable === null ? null : charge(found.rates, billable), source: found.source };
    },
  };
}

function priceMessage(library: PriceLibrary | null, list: PriceList | null, configured: number): string {
  const own = configured === 0 ? '' : `; ${pluralize(configured, 'model')} priced by the configuration`;
  if (library === null || list === null) return `No price list for this endpoint${own}`;
  return `Prices: ${library.name} ${library.version}, ${list.provider}${own}`;
}

/** A price book for when nothing is charged: every cost is null. `reason` is the sentence in the record that says why. */
export function unpriced(reason: string): PriceBook {
  return {
    facts: { source: null, version: null, sha256: null, overrides: [] },
    message: reason,
    hasPrice: () => false,
    costOf: () => NO_COST,
  };
}

/** What a call is billed for. Input includes cache reads and writes; output includes reasoning. */
interface BillableUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** Of `cacheWriteTokens`: kept for an hour. */
  readonly cacheWrite1hTokens: number;
  readonly reasoningTokens: number;
  readonly webSearches: number;
}

const PER_MILLION = 1_000_000n;

/** Whole billionths of a US dollar, rounded half up; null when a part of the call has no price. */
function charge(rates: Rates, usage: BillableUsage): number | null {
  const at = (quantity: number, { base, tiers }: Rate): bigint =>
    BigInt(quantity) * (tiers.findLast(({ above }) => usage.inputTokens > above)?.rate ?? base);
  // If the parts that a provider reports exceed the total, the total counts.
  const cacheReadTokens = Math.min(usage.cacheReadTokens, usage.inputTokens);
  const cacheWriteTokens = Math.min(usage.cacheWriteTokens, usage.inputTokens - cacheReadTokens);
  const cacheWrite1hTokens = Math.min(usage.cacheWrite1hTokens, cacheWriteTokens);
  const reasoningTokens = Math.min(usage.reasoningTokens, usage.outputTokens);
  let total =
    rates.request +
    at(usage.inputTokens - cacheReadTokens - cacheWriteTokens, rates.input) +
    at(cacheReadTokens, rates.cacheRead) +
    at(cacheWriteTokens - cacheWrite1hTokens, rates.cacheWrite) +
    at(cacheWrite1hTokens, rates.cacheWrite1h);
  if (usage.outputTokens > 0) {
    if (rates.output === null || rates.reasoning === null) return null;
    total += at(usage.outputTokens - reasoningTokens, rates.output) + at(reasoningTokens, rates.reasoning);
  }
  if (usage.webSearches > 0) {
    if (rates.webSearch === null) return null;
    total += BigInt(usage.webSearches) * rates.webSearch;
  }
  const nano = (total + PER_MILLION / 2n) / PER_MILLION;
  return nano > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(nano);
}

/**
 * Derived from the provider's usage object. Null when it cannot be: input or output is unknown, or the object says that the call
 * is not billed at list prices.
 */
function billableUsage(usage: Usage): BillableUsage | null {
  if (usage.inputTokens === null || usage.outputTokens === null) return null;
  const raw = objectOf(usage.raw) ?? {};
  if (hasUnlistedTerms(raw, usage.serviceTier) || hasNonTextTokens(raw)) return null;
  // Anthropic: compacting a conversation is a separate request within this one; the wire has added its tokens.
  const compactions = objectsOf(raw['iterations']).filter(({ type }) => type === 'compaction');
  return {
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cacheReadTokens: usage.cacheReadTokens ?? 0,
    cacheWriteTokens: usage.cacheWriteTokens ?? 0,
    cacheWrite1hTokens: [raw, ...compactions]
      .map((part) => countIn(part['cache_creation'], 'ephemeral_1h_input_tokens'))
      .reduce((sum, tokens) => sum + tokens, 0),
    reasoningTokens: usage.reasoningTokens ?? 0,
    webSearches: countIn(raw['server_tool_use'], 'web_search_requests'),
  };
}

const LISTED_TIERS: readonly unknown[] = [undefined, null, 'standard', 'default', 'on_demand'];

/** A faster, slower or reserved tier, or (at Anthropic) processing in one country, has other prices. */
function hasUnlistedTerms(raw: Json, tier: string | undefined): boolean {
  if (!LISTED_TIERS.includes(tier) || !LISTED_TIERS.includes(raw['service_tier'])) return true;
  const [speed, geography] = [raw['speed'], raw['inference_geo']];
  return speed === 'fast' || geography === 'us';
}

/** Audio is priced separately, in other units; so are images and video where a usage object reports them separately. */
function hasNonTextTokens(raw: Json): boolean {
  const details = ['prompt_tokens_details', 'completion_tokens_details', 'input_tokens_details', 'output_tokens_details'];
  if (details.some((name) => countIn(raw[name], 'audio_tokens') + countIn(raw[name], 'image_tokens') > 0)) return true;
  // Gemini: one entry for each modality.
  return ['promptTokensDetails', 'candidatesTokensDetails'].some((name) =>
    objectsOf(raw[name]).some((entry) => entry['modality'] === 'AUDIO' && countIn(entry, 'tokenCount') > 0),
  );
}

/** 0 when the count is missing. */
function countIn(value: unknown, name: string): number {
  return countOf(objectOf(value)?.[name]) ?? 0;
}
