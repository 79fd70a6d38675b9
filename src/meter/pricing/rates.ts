/** Token prices as integers, so that costs are exact. */
import type { ModelPrice } from '../../schema/index.ts';

/** Billionths of a US dollar per million units, the finest resolution of a price. */
export interface Rate {
  readonly base: bigint;
  /** Replaces `base` for every token of a call whose input is above `above` tokens; ascending. */
  readonly tiers: readonly { readonly above: number; readonly rate: bigint }[];
}

export interface Rates {
  readonly input: Rate;
  /** Null when output has no price, as for embeddings. */
  readonly output: Rate | null;
  readonly reasoning: Rate | null;
  readonly cacheRead: Rate;
  readonly cacheWrite: Rate;
  /** Cache entries that are kept for an hour. */
  readonly cacheWrite1h: Rate;
  /** Fees in addition to tokens; null when there is no price. */
  readonly webSearch: bigint | null;
  readonly request: bigint;
}

const NANO = 1e9;

export type LibraryPrice = number | { readonly base: number; readonly tiers: readonly { start: number; price: number }[] };

function rate(usdPerMillion: LibraryPrice): Rate {
  if (typeof usdPerMillion === 'number') return { base: BigInt(Math.round(usdPerMillion * NANO)), tiers: [] };
  const tiers = usdPerMillion.tiers
    .map(({ start, price }) => ({ above: start, rate: BigInt(Math.round(price * NANO)) }))
    .sort((a, b) => a.above - b.above);
  return { base: BigInt(Math.round(usdPerMillion.base * NANO)), tiers };
}

/** The rates of a configured price. */
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

/** The rates of a library price, under the library's own names; null when it does not price tokens. */
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
