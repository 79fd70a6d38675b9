import { z } from 'zod';
import { failed, SUCCEEDED, type AgentPreset } from '../preset.ts';

const tokens = z.number().int().nonnegative();
const ModelUsage = z.object({
  inputTokens: tokens,
  outputTokens: tokens,
  cacheReadInputTokens: tokens,
  cacheCreationInputTokens: tokens,
});
const Result = z.object({ type: z.literal('result'), modelUsage: z.record(z.string(), ModelUsage) });
const End = z.object({
  type: z.literal('result'),
  subtype: z.string(),
  is_error: z.boolean(),
  result: z.string().nullish(),
  errors: z.array(z.string()).nullish(),
});

export const claude: AgentPreset = {
  program: 'claude',
  install: 'npm install --global @anthropic-ai/claude-code@2.1.330',
  args: ({ model }) => [
    '--print',
    '--output-format',
    'stream-json',
    '--verbose',
    '--model',
    model,
    '--dangerously-skip-permissions',
  ],
  env: ({ home, model }) => ({
    CLAUDE_CONFIG_DIR: `${home}/.claude`,
    // For its socket, which goes to /tmp where the path would be longer than a socket's may be.
    XDG_RUNTIME_DIR: home,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    // The small tasks too are to go to the model of the experiment.
    ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
    // It refuses to skip its questions for root unless it is told that the place is made for that.
    IS_SANDBOX: '1',
  }),
  // What another session of the user sends it must not reach it.
  files: () => ({ '.claude/settings.json': JSON.stringify({ crossSessionInbound: 'refuse' }) }),
  report: {
    from: 'stdout',
    usageOf(value) {
      const result = Result.safeParse(value);
      if (!result.success) return null;
      const models = Object.values(result.data.modelUsage);
      const sum = (of: (usage: (typeof models)[number]) => number): number => models.reduce((all, usage) => all + of(usage), 0);
      return {
        input_tokens: sum((usage) => usage.inputTokens + usage.cacheReadInputTokens + usage.cacheCreationInputTokens),
        output_tokens: sum((usage) => usage.outputTokens),
        calls: null,
      };
    },
    outcomeOf(value) {
      const end = End.safeParse(value);
      if (!end.success) return null;
      const { subtype, is_error, result, errors } = end.data;
      return is_error ? failed([result, ...(errors ?? [])].filter(Boolean).join('; ') || subtype) : SUCCEEDED;
    },
  },
};
