/** The metering proxy: frameworks reach their model through it, and every call becomes a record of the step's ledger. */
export { createBudget, type Budget, type BudgetRefusal, type BudgetScope } from './meter/budget.ts';
export type { Exchange, ExchangeRecorder } from './meter/exchange.ts';
export { loadPrices, unpriced, type PriceBook } from './meter/pricing/prices.ts';
export {
  startMeter,
  type Meter,
  type MeteredAddress,
  type MeteredAttempt,
  type MeteredEndpoint,
  type RunMeter,
  type RunMeterOptions,
} from './meter/proxy.ts';
export { queryWithoutKey } from './meter/transport/headers.ts';
export { errorBody } from './meter/wires/error.ts';
export { wholeEvents } from './meter/wires/sse.ts';
export { providerOf, wireOf } from './meter/wires/table.ts';
