/** The metering proxy: frameworks reach their model through it, and every call becomes a record of the step's ledger. */
export { createBudget, type Budget, type BudgetRefusal, type BudgetScope } from './meter/budget.ts';
export type { Exchange, ExchangeRecorder } from './meter/exchange.ts';
export { loadPrices, unpriced, type PriceBook } from './meter/price.ts';
export {
  startMeter,
  type Meter,
  type MeteredAddress,
  type MeteredAttempt,
  type MeteredEndpoint,
  type RunMeter,
  type RunMeterOptions,
} from './meter/proxy.ts';
export { errorBody, providerOf, wireOf } from './meter/wires.ts';
