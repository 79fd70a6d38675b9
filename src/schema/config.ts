/** `experiment.yaml`: what a user writes. Names of the original system are kept where it had them. */
import { z } from 'zod';
import { ValidationConfig } from './validation.ts';

const seconds = z.number().nonnegative();

/** One framework: which adapter drives it (default: the framework's own name) and that adapter's settings. */
export const FrameworkSettings = z.strictObject({
  adapter: z.string().optional().describe('The adapter that drives it; default: the framework’s own name.'),
  enabled: z.boolean().default(true).describe('False leaves it out of `run all`.'),
  command: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('For the adapter `command`: program and arguments, with {prompt}, {prompt_file}, {workspace} and {step}.'),
  env: z.record(z.string(), z.string()).default({}).describe('Added to the environment of its processes; ${VAR} is expanded.'),
});
export type FrameworkSettings = z.infer<typeof FrameworkSettings>;

export const StepConfig = z.strictObject({
  id: z.number().int().positive().describe('Unique; the step’s number in logs and metrics.'),
  name: z.string().min(1),
  prompt_file: z.string().min(1).describe('Relative to this file.'),
  enabled: z.boolean().default(true),
});
export type StepConfig = z.infer<typeof StepConfig>;

/** USD per million tokens, as the original wrote them. */
export const ModelPrice = z.strictObject({
  input_price: z.number().nonnegative(),
  cached_price: z.number().nonnegative().optional(),
  output_price: z.number().nonnegative(),
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
    .optional(),
  random_seed: z.number().int().nullable().default(null),
  frameworks: z.record(z.string(), FrameworkSettings),
  steps: z.array(StepConfig).min(1),
  timeouts: z
    .strictObject({
      step_timeout_seconds: z.number().positive().default(600),
      shutdown_grace_seconds: seconds.default(30),
      health_check_interval_seconds: z.number().positive().default(5),
    })
    .prefault({}),
  retries: z
    .strictObject({
      max_retries: z.number().int().nonnegative().default(2),
      initial_backoff_seconds: seconds.default(5),
      backoff_multiplier: z.number().min(1).default(2),
    })
    .prefault({}),
  on_step_failure: z.enum(['stop', 'continue']).default('stop'),
  hitl_path: z.string().optional().describe('The fixed answer to every clarification. Relative to this file.'),
  validation: ValidationConfig.prefault({}),
  archive: z
    .strictObject({
      exclude: z.array(z.string()).default([]).describe('Further names or glob patterns of workspace paths to leave out.'),
    })
    .prefault({}),
  pricing: z.strictObject({ models: z.record(z.string(), ModelPrice).default({}) }).prefault({}),
});
/** The configuration with every default filled in. */
export type ExperimentConfig = z.infer<typeof ExperimentConfig>;
