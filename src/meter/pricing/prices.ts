/** What a call cost, in integer billionths of a US dollar: by the configuration's prices, else by those of the price library. */
import { counted } from '../../format.ts';
import type { EventMetadata, ModelPrice } from '../../schema.ts';
import type { Usage } from '../wires/wire.ts';
import { openPriceLibrary, type PriceLibrary, type PriceList } from './library.ts';
import { billableUsage, charge, configuredRates, type Rates } from './rates.ts';

export interface Cost {
  readonly nanoUsd: number | null;
  /** `config:<model>` or `genai-prices@<version>:<provider>/<model>`; null when there is no price for the model. */
  readonly source: string | null;
}

export interface PricedCall {
  readonly asked: string | null;
  readonly answered: string | null;
  readonly usage: Usage | null;
  /** When it began: prices are dated. */
  readonly at: Date;
}

export interface PriceBook {
  /** For the record of the run, with `message` in words. */
  readonly facts: EventMetadata<'prices_loaded'>;
  readonly message: string;
  /** True when calls of this model have a price; `at` is now by default. */
  knows(model: string, at?: Date): boolean;
  costOf(call: PricedCall): Cost;
}

/** The offline scripted model. It is never charged for, least of all at the price of the model it stands in for. */
const REHEARSAL = 'rehearsal';
const NONE: Cost = { nanoUsd: null, source: null };

/**
 * Prices for one endpoint. The configuration's come first, for the model that answered, then for the one asked for; then the
 * library's in the same order. The library is asked only about hosts of providers that it knows: a model that calls
 * itself `gpt-4o` somewhere else has no price.
 *
 * @param baseUrl of the upstream; null: only the configuration's prices.
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
    message: sentence(library, list, configured.size),
    knows: (model, at = new Date()) => model !== REHEARSAL && find([model], at) !== null,
    costOf({ asked, answered, usage, at }) {
      const names = [answered, asked].filter((name) => name !== null);
      if (names[0] === REHEARSAL) return NONE;
      const found = find(names, at);
      if (found === null) return NONE;
      const billable = usage === null ? null : billableUsage(usage);
      return { nanoUsd: billable === null ? null : charge(found.rates, billable), source: found.source };
    },
  };
}

function sentence(library: PriceLibrary | null, list: PriceList | null, configured: number): string {
  const own = configured === 0 ? '' : `; ${counted(configured, 'model')} priced by the configuration`;
  if (library === null || list === null) return `No price list for this endpoint${own}`;
  return `Prices: ${library.name} ${library.version}, ${list.provider}${own}`;
}

/** Where nothing is charged: every cost is null. `reason` says why, as a sentence of the record. */
export function unpriced(reason: string): PriceBook {
  return {
    facts: { source: null, version: null, sha256: null, overrides: [] },
    message: reason,
    knows: () => false,
    costOf: () => NONE,
  };
}
