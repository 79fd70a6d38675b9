/** The metering proxy: frameworks reach their model through it, and every call becomes a record of the step's ledger. */
export {
  createBudget,
  loadPrices,
  startMeter,
  unpriced,
  type Budget,
  type BudgetRefusal,
  type BudgetScope,
  type Exchange,
  type ExchangeRecorder,
  type Meter,
  type MeteredAddress,
  type MeteredAttempt,
  type MeteredEndpoint,
  type PriceBook,
  type RunMeter,
  type RunMeterOptions,
} from './meter/index.ts';
