/** `experiment.yaml`: what a user writes. Names of the original system are kept where it had them. */
import { z } from 'zod';
import { MAX_MINUTES, MAX_READINGS } from './limits.ts';
import { MAX_SECONDS, OwnValidation, ValidationConfig } from './validation.ts';

const seconds = z.number().nonnegative().max(MAX_SECONDS);
const positiveSeconds = z.number().positive().max(MAX_SECONDS);

/** Whose bill the calls end on, and how to find them there. */
const UsageApiConfig = z.strictObject({
  provider: z
    .enum(['openai', 'anthropic', 'none'])
    .optional()
    .describe('Whose usage API has the figures; default: told by the host of base_url, `none` for any other.'),
  base_url: z.string().optional().describe('Of the usage API; default: the provider’s own, with its /v1.'),
  admin_key: z
    .string()
    .optional()
    .describe('A reference such as ${OPENAI_ADMIN_KEY} to a key that may read usage. Used by `stepwell reconcile` alone.'),
  api_key_id: z.string().optional().describe('The id of api_key at the provider: only its calls are then counted.'),
  project_id: z.string().optional().describe('OpenAI: only calls of this project are counted.'),
  workspace_id: z.string().optional().describe('Anthropic: only calls of this workspace are counted.'),
});

const endpointKeys = {
  base_url: z.string().describe('The provider’s base URL with its version, such as /v1.'),
  api_key: z.string().optional().describe('A reference such as ${OPENAI_API_KEY}; the key itself does not belong in a file.'),
  ask_stream_usage: z
    .boolean()
    .optional()
    .describe('Asks for usage in chat streams that do not; default: true. False for a server that refuses stream_options.'),
  usage_api: UsageApiConfig.optional().describe('The provider’s own figures, for `stepwell reconcile`.'),
};
const EndpointConfig = z.strictObject(endpointKeys);

/** Limits at which the proxy answers 429 itself. */
const BudgetConfig = z.strictObject({
  max_calls: z.number().int().positive().optional().describe('Requests to the model, failed ones included.'),
  max_tokens: z.number().int().positive().optional().describe('Input and output tokens together.'),
  max_cost_usd: z.number().positive().optional().describe('US dollars; needs a known price for every model that is called.'),
});
export type BudgetConfig = z.infer<typeof BudgetConfig>;

/** One framework: which adapter drives it, and what every framework has. The keys of its adapter are the adapter's own. */
export const FrameworkSettings = z.looseObject({
  adapter: z.string().optional().describe('What drives it; default: the framework’s own name. `command` runs any program.'),
  enabled: z.boolean().default(true).describe('False leaves it out of `run all`.'),
  model: z.string().min(1).optional().describe('The model that it asks; default: that of the experiment.'),
  endpoint: z
    .strictObject({ ...endpointKeys, base_url: endpointKeys.base_url.optional() })
    .optional()
    .describe('What differs from the endpoint of the experiment, such as a key of its own.'),
  validation: OwnValidation.optional().describe('What is measured otherwise than for the experiment’s other frameworks.'),
  env: z.record(z.string(), z.string()).default({}).describe('Added to the environment of its processes; ${VAR} is expanded.'),
});
export type FrameworkSettings = z.infer<typeof FrameworkSettings>;

const StepConfig = z.strictObject({
  id: z.number().int().positive().describe('Unique; the step’s number in logs and metrics.'),
  name: z.string().min(1).describe('For people, in logs and summary.'),
  prompt_file: z.string().min(1).describe('Relative to this file.'),
  enabled: z.boolean().default(true).describe('False leaves it out, unless --steps names it.'),
});

/** USD per million tokens, as the original wrote them. */
export const ModelPrice = z.strictObject({
  input_price: z.number().nonnegative().describe('Input tokens that were not cached.'),
  cached_price: z.number().nonnegative().optional().describe('Input tokens read from the cache; default: the input price.'),
  cache_write_price: z.number().nonnegative().optional().describe('Input tokens written to the cache; default: the input price.'),
  cache_write_1h_price: z
    .number()
    .nonnegative()
    .optional()
    .describe('The same for entries kept for an hour; default: `cache_write_price`.'),
  output_price: z.number().nonnegative().describe('Output tokens, reasoning included.'),
});
export type ModelPrice = z.infer<typeof ModelPrice>;

export const ReconciliationConfig = z.strictObject({
  required_readings: z.number().int().positive().max(MAX_READINGS).default(2).describe('Equal readings that settle a run.'),
  interval_minutes: z.number().nonnegative().max(MAX_MINUTES).default(60).describe('Least time between two readings that count.'),
  threshold_percent: z.number().nonnegative().default(1).describe('Largest difference to the ledger that still verifies it.'),
  min_age_minutes: z
    .number()
    .nonnegative()
    .max(MAX_MINUTES)
    .default(30)
    .describe('A run younger than this is not asked for yet.'),
  max_age_hours: z
    .number()
    .nonnegative()
    .max(MAX_MINUTES / 60)
    .default(168)
    .describe('A run older than this is not waited for any longer; 0: each run has its last reading at once.'),
});
export type ReconciliationConfig = z.infer<typeof ReconciliationConfig>;

export const ExperimentConfig = z.strictObject({
  model: z
    .string()
    .min(1)
    .default('rehearsal')
    .describe('A provider’s model name, or `rehearsal` for the offline scripted model.'),
  endpoint: EndpointConfig.optional().describe(
    'Where the model is reached; not needed for `rehearsal`. ${VAR} is expanded here.',
  ),
  random_seed: z.number().int().nullable().default(null).describe('Handed to the framework and recorded.'),
  frameworks: z.record(z.string(), FrameworkSettings).describe('By name; the name is also the directory of its runs.'),
  steps: z.array(StepConfig).min(1).describe('In the order in which they run.'),
  timeouts: z
    .strictObject({
      step_timeout_seconds: positiveSeconds
        .default(600)
        .describe('For one attempt at a step, and for preparing the framework. Fractions are allowed, here and below.'),
      shutdown_grace_seconds: seconds.default(30).describe('Between asking processes to end and killing them.'),
      health_check_interval_seconds: positiveSeconds.default(5).describe('Between two polls of the running service.'),
    })
    .prefault({})
    .describe('Time limits and intervals, in seconds.'),
  retries: z
    .strictObject({
      max_retries: z.number().int().nonnegative().max(1000).default(2).describe('Attempts after the first.'),
      initial_backoff_seconds: seconds.default(5).describe('Pause before the second attempt.'),
      backoff_multiplier: z.number().min(1).default(2).describe('Each further pause is this many times as long.'),
    })
    .prefault({})
    .describe('What happens after a failed attempt at a step.'),
  on_step_failure: z.enum(['stop', 'continue']).default('stop').describe('What happens when a step’s last attempt failed.'),
  hitl_path: z.string().optional().describe('The fixed answer to every clarification. Relative to this file.'),
  validation: ValidationConfig.prefault({}).describe('What is measured after each step.'),
  archive: z
    .strictObject({
      exclude: z.array(z.string()).default([]).describe('Further names or glob patterns of workspace paths to leave out.'),
    })
    .prefault({})
    .describe('What of a run goes into its archive.'),
  pricing: z
    .strictObject({ models: z.record(z.string(), ModelPrice).default({}).describe('USD per million tokens, by model name.') })
    .prefault({})
    .describe('Prices of models that stepwell does not know, or that differ.'),
  budgets: z
    .strictObject({
      run: BudgetConfig.prefault({}).describe('For each run.'),
      experiment: BudgetConfig.prefault({}).describe('For all runs of one `stepwell run` together.'),
    })
    .prefault({})
    .describe('Where the proxy stops the spending: it answers 429 and the step ends as `budget_exceeded`.'),
  reconciliation: ReconciliationConfig.prefault({}).describe('How `stepwell reconcile` compares with the provider’s figures.'),
});
/** The configuration with every default filled in. */
export type ExperimentConfig = z.infer<typeof ExperimentConfig>;
