import { z } from 'zod';
import { failed, SUCCEEDED, type AgentPreset } from '../preset.ts';

const tokens = z.number().int().nonnegative();
const Entry = z.object({
  type: z.literal('message'),
  message: z.object({
    role: z.literal('assistant'),
    usage: z.object({ input: tokens, output: tokens, cacheRead: tokens, cacheWrite: tokens }),
  }),
});
const Ended = z.object({
  type: z.literal('message'),
  message: z.object({ role: z.literal('assistant'), stopReason: z.string(), errorMessage: z.string().optional() }),
});
const Kept = z.object({
  type: z.literal('message'),
  message: z.looseObject({ role: z.string(), toolName: z.string().optional(), content: z.unknown().optional() }),
});
const ToolCall = z.object({ type: z.literal('toolCall'), name: z.string() });

export const pi: AgentPreset = {
  program: 'pi',
  install: 'npm install --global @mariozechner/pi-coding-agent@0.73.1',
  // Its JSON output repeats the whole message at every piece of a stream; the session file has each message once.
  args: ({ home, model }) => ['--print', '--provider', 'stepwell', '--model', model, '--session-dir', `${home}/sessions`],
  env: () => ({ PI_OFFLINE: '1' }),
  files: ({ model, endpoint: { baseUrl, apiKey } }) => {
    const stepwell = { baseUrl, apiKey, api: 'openai-completions', models: [{ id: model }] };
    return { '.pi/agent/models.json': JSON.stringify({ providers: { stepwell } }) };
  },
  report: {
    from: { folder: 'sessions' },
    usageOf(value) {
      const entry = Entry.safeParse(value);
      if (!entry.success) return null;
      const { input, output, cacheRead, cacheWrite } = entry.data.message.usage;
      return { input_tokens: input + cacheRead + cacheWrite, output_tokens: output, calls: 1 };
    },
    outcomeOf(value) {
      const ended = Ended.safeParse(value);
      if (!ended.success) return null;
      const { stopReason, errorMessage } = ended.data.message;
      return ['error', 'aborted'].includes(stopReason) ? failed(errorMessage ?? stopReason) : SUCCEEDED;
    },
    messagesOf(value) {
      const kept = Kept.safeParse(value);
      if (!kept.success) return [];
      const { message } = kept.data;
      const { role, toolName, content } = message;
      const called = (Array.isArray(content) ? content : []).flatMap((part) => ToolCall.safeParse(part).data?.name ?? []);
      return [{ role, tools: toolName === undefined ? called : [toolName], content: message }];
    },
  },
};
