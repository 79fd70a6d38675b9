import { z } from 'zod';
import { failed, SUCCEEDED, type AgentPreset } from '../preset.ts';

const tokens = z.number().int().nonnegative();
const Result = z.object({ type: z.literal('result'), usage: z.object({ input_tokens: tokens, output_tokens: tokens }) });
const End = z.object({
  type: z.literal('result'),
  subtype: z.string(),
  is_error: z.boolean(),
  error: z.object({ message: z.string() }).nullish(),
});

export const qwen: AgentPreset = {
  program: 'qwen',
  install: 'npm install --global @qwen-code/qwen-code@0.24.4',
  args: ({ model }) => ['--output-format', 'stream-json', '--yolo', '--auth-type', 'openai', '--model', model],
  env: ({ model }) => ({ OPENAI_MODEL: model }),
  files: () => ({
    '.qwen/settings.json': JSON.stringify({
      general: { enableAutoUpdate: false },
      privacy: { usageStatisticsEnabled: false },
    }),
  }),
  report: {
    from: 'stdout',
    usageOf(value) {
      const result = Result.safeParse(value);
      if (!result.success) return null;
      const { input_tokens, output_tokens } = result.data.usage;
      return { input_tokens, output_tokens, calls: null };
    },
    outcomeOf(value) {
      const end = End.safeParse(value);
      if (!end.success) return null;
      const { subtype, is_error, error } = end.data;
      return is_error ? failed(error?.message ?? subtype) : SUCCEEDED;
    },
  },
};
