/** Environment variables of the original system that are still read, in one table. What each sets is on the left. */
export const ORIGINAL_VARIABLES = {
  openaiAdminKey: ['OPEN_AI_KEY_ADM', 'OPENAI_API_KEY_USAGE_TRACKING'],
  intervalMinutes: 'RECONCILIATION_VERIFICATION_INTERVAL_MIN',
  requiredReadings: 'RECONCILIATION_MIN_STABLE_VERIFICATIONS',
} as const;
