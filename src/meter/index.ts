/** The metering proxy: frameworks reach their model through it, and every call becomes a record of the step's ledger. */
export { createBudget, type Budget, type BudgetCost, type BudgetRefusal, type BudgetScope, type Limit } from './budget.ts';
export type { Exchange, ExchangeRecorder } from './exchange.ts';
export { loadPrices, unpriced, type Cost, type PriceBook, type PricedCall } from './pricing/prices.ts';
export {
  startMeter,
  type Meter,
  type MeteredAddress,
  type MeteredAttempt,
  type MeteredEndpoint,
  type RunMeter,
  type RunMeterOptions,
} from './proxy.ts';
export { queryWithoutKey } from './transport/headers.ts';
export { errorBody } from './wires/error.ts';
export { completeEvents } from './wires/sse.ts';
export { providerOf, wireOf } from './wires/table.ts';
export type { Usage } from './wires/wire.ts';
