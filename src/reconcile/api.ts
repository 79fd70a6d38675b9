/** The providers' own figures: one interface, one client per provider. */
export { openUsageApi } from './api/open.ts';
export type { RawPage, UsageAnswer, UsageApi, UsageApiOptions, UsageBucket, UsageQuery, UsageRow } from './api/usage-api.ts';
