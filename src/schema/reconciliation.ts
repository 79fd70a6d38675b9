/** Comparison of the ledger with the provider's own figures. Times ISO 8601; what was not measured is null. */
import { z } from 'zod';

const count = z.number().int().nonnegative();

/**
 * `pending`: too young, or no figures yet. `unavailable`: the provider could not be asked. `provisional`: fewer equal readings
 * than required. `verified` and `mismatch`: enough equal readings, within or outside the threshold. `not_applicable`: no
 * provider that bills.
 */
export const ReconciliationState = z.enum(['pending', 'unavailable', 'provisional', 'verified', 'mismatch', 'not_applicable']);
export type ReconciliationState = z.infer<typeof ReconciliationState>;

/** Providers whose usage and costs can be asked for. */
export const UsageProvider = z.enum(['openai', 'anthropic']);
export type UsageProvider = z.infer<typeof UsageProvider>;

/** What separates a run's use from other use of the same account; null: not separated by it. */
export const UsageFilter = z.object({
  /** The provider's id of the API key, not the key. */
  api_key_id: z.string().nullable(),
  /** OpenAI. */
  project_id: z.string().nullable(),
  /** Anthropic. */
  workspace_id: z.string().nullable(),
});
export type UsageFilter = z.infer<typeof UsageFilter>;

/** One column of the comparison. Input includes cached tokens, output includes reasoning. */
export const UsageFigures = z.object({
  /** Null when not reported or not measured. */
  input_tokens: count.nullable(),
  /** Null when not reported or not measured. */
  output_tokens: count.nullable(),
  /** Of `input_tokens`: read from the cache; null when not reported or not measured. */
  cached_tokens: count.nullable(),
  /** Anthropic does not report it. */
  api_calls: count.nullable(),
});
export type UsageFigures = z.infer<typeof UsageFigures>;

/** The settings that applied to an attempt. */
export const ReconciliationSettings = z.object({
  /** Equal readings that settle a run. */
  required_readings: z.number().int().positive(),
  /** Least time between two readings that count. */
  interval_minutes: z.number().nonnegative(),
  /** Largest difference to the ledger that still verifies it. */
  threshold_percent: z.number().nonnegative(),
  /** A run that ended longer ago is not waited for any longer. */
  max_age_hours: z.number().nonnegative(),
});
export type ReconciliationSettings = z.infer<typeof ReconciliationSettings>;

/** Whole minutes that hold every call of the run. */
export const UsageWindow = z.object({
  /** Start of the first minute. */
  start: z.string(),
  /** End of the last minute, exclusive. */
  end: z.string(),
  /** How many they are. */
  minutes: count,
});
export type UsageWindow = z.infer<typeof UsageWindow>;

/** What the provider reported for the window at one time. */
export const ProviderReading = z.object({
  /** When the provider was asked; ISO 8601. */
  fetched_at: z.string(),
  /** All minutes of the window: the run's use and all other use in these minutes, so an upper bound. */
  total: UsageFigures,
  /** Minutes that no other known run, and one API key alone, used: a lower bound. Equal to `total` when nothing is shared. */
  own: UsageFigures,
  /** Minutes of the window with any use. */
  minutes_with_usage: count,
  /** Minutes of the window in which other runs of the same account, key and project made calls, or several API keys were used. */
  shared_minutes: count,
  /** At most 200 are named; none where only other keys share minutes. */
  shared_with: z.array(z.object({ framework: z.string(), run_id: z.string() })),
  /** Different API keys in the answer; null when the provider did not tell them apart. */
  api_keys: count.nullable(),
  /** The total by model, under the provider's names; `unknown` where it named none. */
  models: z.array(UsageFigures.extend({ model: z.string() })),
  /** Costs are reported for whole days, and so are a bound; null when not asked or not given. */
  cost: z.object({ usd: z.number().nonnegative(), start: z.string(), end: z.string() }).nullable(),
});
export type ProviderReading = z.infer<typeof ProviderReading>;

/** Null where one of the two figures is. */
const Difference = z.object({
  input_tokens: z.number().int().nullable(),
  output_tokens: z.number().int().nullable(),
  cached_tokens: z.number().int().nullable(),
  api_calls: z.number().int().nullable(),
});

/** The three columns, side by side. */
export const UsageComparison = z.object({
  /** What the framework itself reported; null when it reported nothing. */
  claim: UsageFigures.nullable(),
  /** What the proxy measured for this run. */
  ledger: UsageFigures,
  /** Of all calls in the minutes compared: this run's, and those of other runs in them. Null when there are no others. */
  joint_ledger: UsageFigures.nullable(),
  /** What the provider reported for the minutes compared: the window, grown until no call of another run crosses its borders. */
  provider: UsageFigures,
  /** Provider minus ledger (the joint one where there is one). */
  difference: Difference,
  /** The largest difference of input or output tokens in percent of this run's ledger; null when it cannot be computed. */
  difference_percent: z.number().nonnegative().nullable(),
  /** False also when the percentage cannot be computed. */
  within_threshold: z.boolean(),
  /** What could explain a difference, one sentence each. */
  explanations: z.array(z.string()),
});
export type UsageComparison = z.infer<typeof UsageComparison>;

/** What minute figures can say of one step. */
export const StepResolution = z.object({
  /** The step's id. */
  step: z.number().int(),
  /**
   * `whole`: its minutes are its own. `bound`: it shares minutes with another step or run. `not_resolvable`: shorter than a
   * minute, which the provider cannot tell apart. `no_calls`: the ledger has none.
   */
  resolution: z.enum(['whole', 'bound', 'not_resolvable', 'no_calls']),
  /** From the first call's start to the last call's end; null for a step without calls. */
  seconds: z.number().nonnegative().nullable(),
  /** What the proxy measured for the step. */
  ledger: UsageFigures,
  /** The provider's figures for minutes that are this step's alone. Null where not resolvable. */
  at_least: UsageFigures.nullable(),
  /** The provider's figures for all minutes of the step. Null where not resolvable. */
  at_most: UsageFigures.nullable(),
});
export type StepResolution = z.infer<typeof StepResolution>;

/** One attempt at reconciling a run: all that `reconciliation.log` says of it, except the raw answers. */
export const ReconciliationAttempt = z.object({
  /** From 1, per run. */
  attempt: z.number().int().positive(),
  /** State of the run after this attempt. */
  state: ReconciliationState,
  /** Why this state, in words. */
  reason: z.string(),
  /** The provider whose usage API is asked; null where none is known. */
  provider: UsageProvider.nullable(),
  /** Which use was asked for. */
  filter: UsageFilter,
  /** As they were at this attempt. */
  settings: ReconciliationSettings,
  /** The minutes that were asked for; null where none are known. */
  window: UsageWindow.nullable(),
  /** Null when the provider was not asked or did not answer. */
  reading: ProviderReading.nullable(),
  /** Equal readings at least the interval apart, up to and with this attempt. */
  equal_readings: count,
  /** When the first of the equal readings was made; null while there are no figures to compare. */
  first_equal_at: z.string().nullable(),
  /** When the reading was made that verified the run; null while it is not verified. */
  verified_at: z.string().nullable(),
  /** Of the newest reading that counts; null before the first. */
  comparison: UsageComparison.nullable(),
  /** At most 400, those with figures of the provider before the others. */
  steps: z.array(StepResolution),
  /** True when the run is older than the maximum age: nothing further is awaited. */
  waiting_ended: z.boolean(),
});
export type ReconciliationAttempt = z.infer<typeof ReconciliationAttempt>;

/**
 * The state of a run's reconciliation: the fold of its `reconciliation.log`. Window, comparison and steps are those of the newest
 * attempt that has them.
 */
export const ReconciliationSummary = ReconciliationAttempt.omit({
  attempt: true,
  state: true,
  reason: true,
  reading: true,
}).extend({
  /** State after the last attempt. */
  verification_status: ReconciliationState,
  /** Why this state, in words. */
  verification_message: z.string(),
  /** When the last attempt was recorded. */
  last_attempt_at: z.string(),
  /** The newest reading; null when there is none. */
  last_reading: ProviderReading.nullable(),
  /** Every attempt, oldest first. Figures are the totals of its reading; null without one. */
  attempts: z.array(
    z.object({
      attempt: z.number().int().positive(),
      timestamp: z.string(),
      status: ReconciliationState,
      message: z.string(),
      total_tokens_in: count.nullable(),
      total_tokens_out: count.nullable(),
      total_cached_tokens: count.nullable(),
      total_api_calls: count.nullable(),
    }),
  ),
});
export type ReconciliationSummary = z.infer<typeof ReconciliationSummary>;
