/** The metering proxy: frameworks reach their model through it, and every call becomes a record of the step's ledger. */
export { startMeter, type Meter, type MeteredEndpoint } from './meter/proxy.ts';
export { loadPrices, unpriced, type Cost, type PriceBook, type PricedCall } from './meter/price.ts';
