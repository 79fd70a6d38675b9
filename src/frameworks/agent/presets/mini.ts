import { z } from 'zod';
import { failed, SUCCEEDED, type AgentPreset } from '../preset.ts';

const tokens = z.number().int().nonnegative();
const Usage = z.object({ prompt_tokens: tokens, completion_tokens: tokens });
const Message = z.object({ extra: z.object({ response: z.object({ usage: Usage }) }) });
const Trajectory = z.object({ messages: z.array(z.unknown()) });
const Info = z.object({ info: z.object({ exit_status: z.string() }) });
const Kept = z.looseObject({
  role: z.string(),
  tool_calls: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }) })).nullish(),
  extra: z.unknown().optional(),
});

export const mini: AgentPreset = {
  program: 'mini',
  versionArgs: ['--help'],
  // litellm, through which it asks, imports mcp without requiring it.
  install: 'pip install mini-swe-agent==2.4.6 mcp',
  args: ({ home }) => [
    '--yolo',
    '--exit-immediately',
    '--config',
    'mini.yaml',
    '--config',
    `${home}/stepwell.yaml`,
    '--output',
    `${home}/trajectory/run.json`,
  ],
  promptIn: 'files',
  env: ({ home }) => ({
    MSWEA_GLOBAL_CONFIG_DIR: `${home}/.config/mini-swe-agent`,
    MSWEA_CONFIGURED: 'true',
    MSWEA_SILENT_STARTUP: '1',
    MSWEA_COST_TRACKING: 'ignore_errors',
    LITELLM_LOCAL_MODEL_COST_MAP: 'True',
  }),
  files: ({ model, prompt, endpoint: { baseUrl, apiKey } }) => ({
    'stepwell.yaml': JSON.stringify({
      run: { task: prompt },
      agent: { mode: 'yolo', confirm_exit: false, cost_limit: 0 },
      model: {
        model_name: `openai/${model}`,
        cost_tracking: 'ignore_errors',
        model_kwargs: { api_base: baseUrl, api_key: apiKey },
      },
    }),
  }),
  report: {
    from: { folder: 'trajectory' },
    usageOf(value) {
      const trajectory = Trajectory.safeParse(value);
      if (!trajectory.success) return null;
      const usages = trajectory.data.messages.flatMap((message) => {
        const parsed = Message.safeParse(message);
        return parsed.success ? [parsed.data.extra.response.usage] : [];
      });
      if (usages.length === 0) return null;
      return {
        input_tokens: usages.reduce((sum, usage) => sum + usage.prompt_tokens, 0),
        output_tokens: usages.reduce((sum, usage) => sum + usage.completion_tokens, 0),
        calls: usages.length,
      };
    },
    outcomeOf(value) {
      const status = Info.safeParse(value).data?.info.exit_status ?? '';
      if (status === '') return null;
      return status === 'Submitted' ? SUCCEEDED : failed(status);
    },
    messagesOf(value) {
      return (Trajectory.safeParse(value).data?.messages ?? []).flatMap((message) => {
        const kept = Kept.safeParse(message);
        if (!kept.success) return [];
        // `extra` has the provider's whole answer once more.
        const { extra: _, ...content } = kept.data;
        return [{ role: content.role, tools: (content.tool_calls ?? []).map((call) => call.function.name), content }];
      });
    },
  },
};
