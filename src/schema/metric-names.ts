/**
 * The names of a run's metrics, in one mapping. In the code a metric has the name on the left. In `metrics.json` it has the
 * original system's name on the right, so that analyses made for that system still find it. docs/metrics.md defines each.
 */
export const METRIC_NAMES = {
  stepsReached: 'UTT',
  clarifications: 'HIT',
  autonomy: 'AUTR',
  clarificationEffort: 'HEU',
  inputTokens: 'TOK_IN',
  outputTokens: 'TOK_OUT',
  apiCalls: 'API_CALLS',
  cacheReadTokens: 'CACHED_TOKENS',
  cacheWriteTokens: 'CACHE_WRITE_TOKENS',
  reasoningTokens: 'REASONING_TOKENS',
  stepSeconds: 'T_WALL_seconds',
  crudPassed: 'CRUDe',
  checkSuccessRate: 'ESR',
  continuity: 'MC',
  failedPolls: 'ZDI',
  quality: 'Q_star',
  autonomyEfficiency: 'AEI',
  costUsd: 'COST_USD',
} as const;
