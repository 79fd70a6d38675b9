/** The providers' own figures: one interface, one client per provider. */
export { openUsageApi } from './api/open.ts';
export type {
  CostAnswer,
  RawPage,
  UsageAnswer,
  UsageApi,
  UsageApiOptions,
  UsageBucket,
  UsageFailure,
  UsageQuery,
  UsageRow,
} from './api/usage-api.ts';
