import { z } from 'zod';
import { failed, type AgentPreset } from '../preset.ts';

const SessionError = z.object({ type: z.literal('session.error'), data: z.object({ message: z.string() }) });

export const copilot: AgentPreset = {
  program: 'copilot',
  install: 'npm install --global @github/copilot@1.0.102',
  args: () => ['--output-format', 'json', '--yolo', '--no-auto-update'],
  env: ({ home, model, endpoint: { baseUrl, apiKey } }) => ({
    COPILOT_HOME: `${home}/.copilot`,
    COPILOT_MODEL: model,
    COPILOT_OFFLINE: 'true',
    COPILOT_PROVIDER_TYPE: 'openai',
    COPILOT_PROVIDER_BASE_URL: baseUrl,
    COPILOT_PROVIDER_API_KEY: apiKey,
    COPILOT_PROVIDER_WIRE_API: 'completions',
  }),
  files: () => ({}),
  // With a provider of one's own its result names no tokens.
  report: {
    from: 'stdout',
    usageOf: () => null,
    outcomeOf(value) {
      const error = SessionError.safeParse(value);
      return error.success ? failed(error.data.data.message) : null;
    },
  },
};
