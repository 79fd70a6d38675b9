/** The price library: dated prices of providers' models, as of the library's publication. */
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type * as Library from '@pydantic/genai-prices';
import { libraryRates, type Rates } from './rates.ts';

/** A model's prices at a point in time, and its name in the library: `<provider>/<model>`. */
export interface ListedPrice {
  readonly rates: Rates;
  readonly name: string;
}

/** The library's prices for one provider. */
export interface PriceList {
  readonly provider: string;
  priceOf(model: string, at: Date): ListedPrice | null;
}

export interface PriceLibrary {
  readonly name: string;
  readonly version: string;
  /** Digest of the file that holds the prices. */
  readonly sha256: string;
  /** The prices of the provider that the URL belongs to; null for any other host, whatever its models are called. */
  listFor(baseUrl: string): PriceList | null;
}

const PACKAGE = '@pydantic/genai-prices';
/** Bounded, because model names come from requests. */
const MAX_CACHED_MODELS = 200;
const MINUTE_MS = 60_000;

let opening: Promise<PriceLibrary> | null = null;

/** Loads the library on first use: it takes 40 ms, which a command without a model should not pay. */
export async function openPriceLibrary(): Promise<PriceLibrary> {
  opening ??= load();
  return opening;
}

async function load(): Promise<PriceLibrary> {
  const file = new URL(import.meta.resolve(PACKAGE));
  const [library, data, manifest] = await Promise.all([
    import('@pydantic/genai-prices'),
    readFile(file),
    readFile(new URL('../package.json', file), 'utf8'),
  ]);
  const { version } = JSON.parse(manifest) as { version: string };
  return {
    name: 'genai-prices',
    version,
    sha256: hash('sha256', data),
    listFor(baseUrl) {
      const provider = providerOf(library, baseUrl);
      return provider === null ? null : { provider, priceOf: cachedLookup((model, at) => find(library, provider, model, at)) };
    },
  };
}

function providerOf(library: typeof Library, baseUrl: string): string | null {
  if (!URL.canParse(baseUrl)) return null;
  const { origin, pathname } = new URL(baseUrl);
  const address = `${origin}${pathname}`;
  const provider = library.findProvider({ providerApiUrl: address });
  if (provider === undefined) return null;
  // The library matches prefixes only: a host that merely starts like the provider's, or another port, is not the provider.
  const matched = new RegExp(`^(?:${provider.api_pattern})`).exec(address)?.[0] ?? '';
  const isWhole = /[./]$/.test(matched) || /^(?:\/|$)/.test(address.slice(matched.length));
  return isWhole ? provider.id : null;
}

function find(library: typeof Library, provider: string, model: string, at: Date): ListedPrice | null {
  // Called without usage, only to find the price; the cost is computed in integers here.
  const found = library.calcPrice({}, model, { providerId: provider, timestamp: at });
  if (found === null) return null;
  const rates = libraryRates(found.model_price);
  return rates === null ? null : { rates, name: `${found.provider.id}/${found.model.id}` };
}

/** A lookup takes 30 µs; prices change at most once a minute. */
function cachedLookup(look: PriceList['priceOf']): PriceList['priceOf'] {
  const known = new Map<string, { minute: number; price: ListedPrice | null }>();
  return (model, at) => {
    const minute = Math.floor(at.getTime() / MINUTE_MS);
    const before = known.get(model);
    if (before?.minute === minute) return before.price;
    const price = look(model, at);
    if (known.size >= MAX_CACHED_MODELS) known.clear();
    known.set(model, { minute, price });
    return price;
  };
}
