/** What a call cost, in integer billionths of a US dollar. */
import type { ModelPrice } from '../schema.ts';
import type { Usage } from './wire.ts';

export type Prices = Readonly<Record<string, ModelPrice>>;

export interface Cost {
  readonly nanoUsd: number | null;
  /** `config:<model>`, or null when no price is known. */
  readonly source: string | null;
}

/** The offline scripted model. It is never charged for at the price of the model it stands in for. */
const REHEARSAL = 'rehearsal';

/** A price per million tokens as an exact integer: a billionth of a dollar per million tokens is its smallest unit. */
function perMillion(usd: number): bigint {
  return BigInt(Math.round(usd * 1e9));
}

/**
 * Prices a call by the model that answered, else by the model that was asked for. Cached input costs `cached_price`, or
 * the input price where none is given. The sum is exact; it is rounded once, half up, to a whole nano-dollar.
 */
export function costOf(prices: Prices, asked: string | null, answered: string | null, usage: Usage | null): Cost {
  const names = answered === REHEARSAL ? [answered] : [answered, asked];
  const name = names.find((candidate) => candidate !== null && Object.hasOwn(prices, candidate));
  const price = name === undefined || name === null ? undefined : prices[name];
  if (price === undefined) return { nanoUsd: null, source: null };
  const source = `config:${name}`;
  if (usage === null || usage.input === null || usage.output === null) return { nanoUsd: null, source };
  const cached = Math.min(usage.cacheRead ?? 0, usage.input);
  const total =
    BigInt(usage.input - cached) * perMillion(price.input_price) +
    BigInt(cached) * perMillion(price.cached_price ?? price.input_price) +
    BigInt(usage.output) * perMillion(price.output_price);
  return { nanoUsd: Number((total + 500_000n) / 1_000_000n), source };
}
