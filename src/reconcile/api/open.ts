import type { UsageApi, UsageApiOptions } from './usage-api.ts';

/** The usage API of a provider. */
export function openUsageApi(options: UsageApiOptions): UsageApi {
  const failed = { status: 'failed', reason: 'Not built yet.', fix: 'Wait for it.', retryable: false } as const;
  return {
    provider: options.provider,
    fetchUsage: () => Promise.resolve(failed),
    fetchCosts: () => Promise.resolve(failed),
  };
}
