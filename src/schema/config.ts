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
    .describe('The provider whose usage API has the figures. Default: the one that the host of base_url belongs to, or `none`.'),
  base_url: z.string().optional().describe('Base URL of the usage API, including /v1. Default: the provider’s own.'),
  admin_key: z
    .string()
    .optional()
    .describe('A reference such as ${OPENAI_ADMIN_KEY} to a key that may read usage. Only `stepwell reconcile` uses it.'),
  api_key_id: z.string().optional().describe('The provider’s id of api_key. Only calls with this key are then counted.'),
  project_id: z.string().optional().describe('For OpenAI: the project whose calls are counted. Default: all projects.'),
  workspace_id: z.string().optional().describe('For Anthropic: the workspace whose calls are counted. Default: all workspaces.'),
});

const endpointKeys = {
  base_url: z.string().describe('The provider’s base URL, including its version, such as /v1.'),
  api_key: z.string().optional().describe('A reference such as ${OPENAI_API_KEY}. Do not write the key itself into a file.'),
  ask_stream_usage: z
    .boolean()
    .optional()
    .describe(
      'Adds stream_options.include_usage to streamed chat requests that lack it. Default: true. Set it to false for a server that rejects stream_options.',
    ),
  usage_api: UsageApiConfig.optional().describe('Where `stepwell reconcile` reads the provider’s own usage figures.'),
};
const EndpointConfig = z.strictObject(endpointKeys);

/** Limits at which the proxy answers 429 itself. */
const BudgetConfig = z.strictObject({
  max_calls: z.number().int().positive().optional().describe('Maximum number of requests to the model, failed ones included.'),
  max_tokens: z.number().int().positive().optional().describe('Maximum number of tokens, input and output together.'),
  max_cost_usd: z
    .number()
    .positive()
    .optional()
    .describe('Maximum cost in US dollars. Every model that is called needs a known price.'),
});
/** Limits of `budgets:` at which the proxy answers 429 itself; what is absent is not limited. */
export type BudgetConfig = z.infer<typeof BudgetConfig>;

/** One framework: which adapter drives it, and what every framework has. The keys of its adapter are the adapter's own. */
export const FrameworkSettings = z.looseObject({
  adapter: z
    .string()
    .optional()
    .describe(
      'The adapter that runs this framework. Default: the adapter with the framework’s name. `command` runs any program.',
    ),
  enabled: z.boolean().default(true).describe('False: `run all` leaves this framework out.'),
  model: z.string().min(1).optional().describe('The model that this framework uses. Default: the model of the experiment.'),
  endpoint: z
    .strictObject({ ...endpointKeys, base_url: endpointKeys.base_url.optional() })
    .optional()
    .describe('Settings in which this framework’s endpoint differs from that of the experiment, such as a key of its own.'),
  validation: OwnValidation.optional().describe('Sections of `validation` that are different for this framework.'),
  env: z
    .record(z.string(), z.string())
    .default({})
    .describe('Variables added to the environment of the framework’s processes. ${VAR} is expanded.'),
});
export type FrameworkSettings = z.infer<typeof FrameworkSettings>;

const StepConfig = z.strictObject({
  id: z.number().int().positive().describe('The step’s number in logs and metrics. Each number is used once.'),
  name: z.string().min(1).describe('The step’s name in logs and summary.'),
  prompt_file: z.string().min(1).describe('Path of the prompt, relative to this file.'),
  enabled: z.boolean().default(true).describe('False: the step is skipped, unless --steps names it.'),
});

/** USD per million tokens, as the original wrote them. */
export const ModelPrice = z.strictObject({
  input_price: z.number().nonnegative().describe('Price of input tokens that were not cached.'),
  cached_price: z
    .number()
    .nonnegative()
    .optional()
    .describe('Price of input tokens read from the cache. Default: `input_price`.'),
  cache_write_price: z
    .number()
    .nonnegative()
    .optional()
    .describe('Price of input tokens written to the cache. Default: `input_price`.'),
  cache_write_1h_price: z
    .number()
    .nonnegative()
    .optional()
    .describe('Price of input tokens written to cache entries that are kept for an hour. Default: `cache_write_price`.'),
  output_price: z.number().nonnegative().describe('Price of output tokens, reasoning included.'),
});
export type ModelPrice = z.infer<typeof ModelPrice>;

export const ReconciliationConfig = z.strictObject({
  required_readings: z
    .number()
    .int()
    .positive()
    .max(MAX_READINGS)
    .default(2)
    .describe('Number of equal readings after which a run is settled.'),
  interval_minutes: z
    .number()
    .nonnegative()
    .max(MAX_MINUTES)
    .default(60)
    .describe('Minimum number of minutes between two readings that count.'),
  threshold_percent: z
    .number()
    .nonnegative()
    .default(1)
    .describe('Largest difference from the ledger, in percent, with which a run is still verified.'),
  min_age_minutes: z
    .number()
    .nonnegative()
    .max(MAX_MINUTES)
    .default(30)
    .describe('Minutes after its end from which on a run is read.'),
  max_age_hours: z
    .number()
    .nonnegative()
    .max(MAX_MINUTES / 60)
    .default(168)
    .describe('Hours after its end at which a run gets its last reading. With 0 the first reading is the last.'),
});
export type ReconciliationConfig = z.infer<typeof ReconciliationConfig>;

export const ExperimentConfig = z.strictObject({
  model: z
    .string()
    .min(1)
    .default('rehearsal')
    .describe('The provider’s name of the model, or `rehearsal` for the offline scripted model.'),
  endpoint: EndpointConfig.optional().describe('How to reach the model. Not needed for `rehearsal`. ${VAR} is expanded.'),
  random_seed: z.number().int().nullable().default(null).describe('Random seed that is passed to the frameworks and recorded.'),
  frameworks: z
    .record(z.string(), FrameworkSettings)
    .describe('The frameworks by name. The name is also that of the directory of its runs.'),
  steps: z.array(StepConfig).min(1).describe('The steps in the order in which they run.'),
  timeouts: z
    .strictObject({
      step_timeout_seconds: positiveSeconds
        .default(600)
        .describe('Time limit of one attempt at a step, and of preparing the framework. Fractions are allowed, here and below.'),
      shutdown_grace_seconds: seconds.default(30).describe('Time between asking processes to end and killing them.'),
      health_check_interval_seconds: positiveSeconds
        .default(5)
        .describe('Time between two health checks of the running service.'),
    })
    .prefault({})
    .describe('Time limits and intervals, in seconds.'),
  retries: z
    .strictObject({
      max_retries: z.number().int().nonnegative().max(1000).default(2).describe('Maximum number of attempts after the first.'),
      initial_backoff_seconds: seconds.default(5).describe('Seconds to wait before the second attempt.'),
      backoff_multiplier: z
        .number()
        .min(1)
        .default(2)
        .describe('Factor by which each further pause is longer than the one before.'),
    })
    .prefault({})
    .describe('What happens after a failed attempt at a step.'),
  on_step_failure: z
    .enum(['stop', 'continue'])
    .default('stop')
    .describe('What happens after the last attempt at a step failed: `stop` ends the run, `continue` goes to the next step.'),
  hitl_path: z
    .string()
    .optional()
    .describe('Path of the file with the fixed answer to every clarification, relative to this file.'),
  validation: ValidationConfig.prefault({}).describe('What is checked and measured after each step.'),
  archive: z
    .strictObject({
      exclude: z.array(z.string()).default([]).describe('Names or glob patterns of more workspace paths to leave out.'),
    })
    .prefault({})
    .describe('What goes into a run’s archive.'),
  pricing: z
    .strictObject({
      models: z.record(z.string(), ModelPrice).default({}).describe('Prices in USD per million tokens, by model name.'),
    })
    .prefault({})
    .describe('Prices of models that stepwell does not know, or whose price differs.'),
  budgets: z
    .strictObject({
      run: BudgetConfig.prefault({}).describe('Limits of each run.'),
      experiment: BudgetConfig.prefault({}).describe('Limits of all runs of one `stepwell run` together.'),
    })
    .prefault({})
    .describe('Limits on calls, tokens and cost. At a limit the proxy answers 429 and the step ends as `budget_exceeded`.'),
  reconciliation: ReconciliationConfig.prefault({}).describe('How `stepwell reconcile` compares with the provider’s figures.'),
});
/** The configuration with every default filled in. */
export type ExperimentConfig = z.infer<typeof ExperimentConfig>;
