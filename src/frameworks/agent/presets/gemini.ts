import { z } from 'zod';
import { failed, SUCCEEDED, type AgentPreset } from '../preset.ts';

const tokens = z.number().int().nonnegative();
const Result = z.object({ type: z.literal('result'), stats: z.object({ input_tokens: tokens, output_tokens: tokens }) });
const End = z.object({
  type: z.literal('result'),
  status: z.string(),
  error: z.object({ message: z.string() }).nullish(),
});

export const gemini: AgentPreset = {
  program: 'gemini',
  install: 'npm install --global @google/gemini-cli@0.61.0',
  args: ({ model }) => ['--output-format', 'stream-json', '--yolo', '--model', model],
  env: () => ({ GEMINI_CLI_TRUST_WORKSPACE: 'true' }),
  files: () => ({
    '.gemini/settings.json': JSON.stringify({
      security: { auth: { selectedType: 'gemini-api-key' } },
      general: { enableAutoUpdate: false },
      privacy: { usageStatisticsEnabled: false },
    }),
  }),
  report: {
    from: 'stdout',
    usageOf(value) {
      const result = Result.safeParse(value);
      if (!result.success) return null;
      const { input_tokens, output_tokens } = result.data.stats;
      return { input_tokens, output_tokens, calls: null };
    },
    outcomeOf(value) {
      const end = End.safeParse(value);
      if (!end.success) return null;
      const { status, error } = end.data;
      return status === 'success' ? SUCCEEDED : failed(error?.message ?? status);
    },
  },
};
