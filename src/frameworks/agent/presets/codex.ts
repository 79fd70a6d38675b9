import { z } from 'zod';
import { failed, SUCCEEDED, type AgentPreset } from '../preset.ts';

const tokens = z.number().int().nonnegative();
const TurnCompleted = z.object({
  type: z.literal('turn.completed'),
  usage: z.object({ input_tokens: tokens, output_tokens: tokens }),
});

const TurnFailed = z.object({ type: z.literal('turn.failed'), error: z.object({ message: z.string() }) });

/** TOML's basic strings are JSON's. */
const quoted = (text: string): string => JSON.stringify(text);

export const codex: AgentPreset = {
  program: 'codex',
  install: 'npm install --global @openai/codex@0.169.0',
  // Its own sandbox needs rights that a container rarely gives; what it may reach is up to the place where stepwell runs.
  args: ({ model }) => [
    'exec',
    '--json',
    '--skip-git-repo-check',
    '--dangerously-bypass-approvals-and-sandbox',
    '--model',
    model,
    '-',
  ],
  env: ({ home }) => ({ CODEX_HOME: `${home}/.codex` }),
  files: ({ endpoint: { baseUrl } }) => ({
    '.codex/config.toml': [
      'model_provider = "stepwell"',
      'check_for_update_on_startup = false',
      '[analytics]',
      'enabled = false',
      '[model_providers.stepwell]',
      'name = "stepwell"',
      `base_url = ${quoted(baseUrl)}`,
      'env_key = "OPENAI_API_KEY"',
      'wire_api = "responses"',
      '',
    ].join('\n'),
  }),
  report: {
    from: 'stdout',
    usageOf(value) {
      const turn = TurnCompleted.safeParse(value);
      if (!turn.success) return null;
      const { input_tokens, output_tokens } = turn.data.usage;
      return { input_tokens, output_tokens, calls: null };
    },
    // Its events of type `error` may be of a connection that it then tries again.
    outcomeOf(value) {
      const turn = TurnFailed.safeParse(value);
      if (turn.success) return failed(turn.data.error.message);
      return TurnCompleted.safeParse(value).success ? SUCCEEDED : null;
    },
  },
};
