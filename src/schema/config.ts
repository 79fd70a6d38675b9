/** `experiment.yaml`: what a user writes. Names of the original system are kept where it had them. */
import { z } from 'zod';
import { MAX_SECONDS } from './duration.ts';
import { ValidationConfig } from './validation.ts';

const seconds = z.number().nonnegative().max(MAX_SECONDS);
const positiveSeconds = z.number().positive().max(MAX_SECONDS);

/** One framework: which adapter drives it (default: the framework's own name) and that adapter's settings. */
export const FrameworkSettings = z.strictObject({
  adapter: z.string().optional().describe('The adapter that drives it; default: the framework’s own name.'),
  enabled: z.boolean().default(true).describe('False leaves it out of `run all`.'),
  command: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      'For the adapter `command`: program (a name on PATH, or a path relative to this file) and arguments, with {prompt}, {prompt_file}, {workspace} and {step}.',
    ),
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
  output_price: z.number().nonnegative().describe('Output tokens, reasoning included.'),
});
export type ModelPrice = z.infer<typeof ModelPrice>;

export const ExperimentConfig = z.strictObject({
  model: z
    .string()
    .min(1)
    .default('rehearsal')
    .describe('A provider’s model name, or `rehearsal` for the offline scripted model.'),
  endpoint: z
    .strictObject({
      base_url: z.string().describe('OpenAI-compatible base URL, with its /v1.'),
      api_key: z.string().optional().describe('A reference such as ${OPENAI_API_KEY}; the key itself does not belong in a file.'),
    })
    .optional()
    .describe('Where the model is reached; not needed for `rehearsal`. ${VAR} is expanded here.'),
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
});
/** The configuration with every default filled in. */
export type ExperimentConfig = z.infer<typeof ExperimentConfig>;
