import { z } from 'zod';
import { failed, SUCCEEDED, type AgentPreset } from '../preset.ts';

const tokens = z.number().int().nonnegative();
const StepFinish = z.object({
  type: z.literal('step_finish'),
  part: z.object({
    tokens: z.object({
      input: tokens,
      output: tokens,
      reasoning: tokens,
      cache: z.object({ read: tokens, write: tokens }),
    }),
  }),
});
const Failure = z.object({
  type: z.literal('error'),
  error: z.object({ name: z.string(), data: z.object({ message: z.string().nullish() }).nullish() }),
});

export const opencode: AgentPreset = {
  program: 'opencode',
  install: 'npm install --global opencode-ai@1.18.33',
  args: ({ model }) => ['run', '--format', 'json', '--model', `stepwell/${model}`],
  env: ({ home }) => ({
    XDG_CONFIG_HOME: `${home}/.config`,
    XDG_DATA_HOME: `${home}/.local/share`,
    XDG_STATE_HOME: `${home}/.local/state`,
    XDG_CACHE_HOME: `${home}/.cache`,
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
  }),
  files: ({ model, endpoint: { baseUrl, apiKey } }) => ({
    '.config/opencode/opencode.json': JSON.stringify({
      model: `stepwell/${model}`,
      small_model: `stepwell/${model}`,
      share: 'disabled',
      permission: 'allow',
      provider: {
        stepwell: {
          npm: '@ai-sdk/openai-compatible',
          options: { baseURL: baseUrl, apiKey },
          models: { [model]: { name: model } },
        },
      },
    }),
  }),
  report: {
    from: 'stdout',
    usageOf(value) {
      const step = StepFinish.safeParse(value);
      if (!step.success) return null;
      const { input, output, reasoning, cache } = step.data.part.tokens;
      return { input_tokens: input + cache.read + cache.write, output_tokens: output + reasoning, calls: 1 };
    },
    outcomeOf(value) {
      const failure = Failure.safeParse(value);
      if (failure.success) return failed(failure.data.error.data?.message ?? failure.data.error.name);
      return StepFinish.safeParse(value).success ? SUCCEEDED : null;
    },
  },
};
