/** OpenAI's chat completions. */
import { z } from 'zod';
import { MODEL, chunksOf, Text, textOf, type ModelResponse, type ModelRequest, type RehearsalWire } from '../model-request.ts';

const Call = z.object({ function: z.object({ name: z.string(), arguments: z.string() }) });

const Request = z.object({
  model: z.string(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(z.object({ function: z.object({ name: z.string(), parameters: z.unknown().optional() }).optional() })).nullish(),
  messages: z
    .array(
      z.object({
        role: z.string(),
        content: Text.nullish(),
        tool_calls: z.array(Call).nullish(),
      }),
    )
    .min(1),
});

export const openaiChat: RehearsalWire = {
  path: '/v1/chat/completions',
  matches: (path) => path === '/v1/chat/completions',
  parseRequest,
  toResponse: (response) => ({
    ...head(response.id, 'chat.completion'),
    choices: [{ index: 0, message: messageOf(response), logprobs: null, finish_reason: finishOf(response) }],
    usage: usageOf(response),
  }),
  toEvents,
};

function parseRequest(body: unknown): ModelRequest {
  const { stream, stream_options, tools, messages } = Request.parse(body);
  return {
    stream: stream === true,
    includeUsage: stream_options?.include_usage === true,
    messages: messages.map(({ role, content, tool_calls }) => {
      const calls = (tool_calls ?? []).map((call) => call.function.arguments);
      return { role, text: [textOf(content), ...calls].filter((text) => text !== '').join('\n') };
    }),
    tools: (tools ?? []).flatMap(({ function: tool }) =>
      tool === undefined ? [] : [{ name: tool.name, schema: tool.parameters ?? null }],
    ),
  };
}

/** No field depends on the time, so that a rehearsal is reproducible. */
function head(id: string, object: string): object {
  return { id, object, created: 0, model: MODEL, system_fingerprint: MODEL };
}

function finishOf({ reply }: ModelResponse): string {
  return reply.kind === 'text' ? 'stop' : 'tool_calls';
}

function messageOf({ id, reply }: ModelResponse): object {
  if (reply.kind === 'text') return { role: 'assistant', content: reply.text };
  const call = { name: reply.tool, arguments: JSON.stringify(reply.args) };
  return { role: 'assistant', content: null, tool_calls: [{ id: `call_${id}`, type: 'function', function: call }] };
}

function usageOf({ usage: { inputTokens, cacheReadTokens, outputTokens } }: ModelResponse): object {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cacheReadTokens },
  };
}

function* toEvents(response: ModelResponse, { includeUsage }: ModelRequest): Iterable<string> {
  const { id, reply } = response;
  const usage = includeUsage ? { usage: null } : {};
  const event = (choices: readonly object[], more: object): string =>
    `data: ${JSON.stringify({ ...head(id, 'chat.completion.chunk'), choices, ...more })}\n\n`;
  const chunk = (delta: object, finish_reason: string | null): string =>
    event([{ index: 0, delta, logprobs: null, finish_reason }], usage);
  if (reply.kind === 'text') {
    yield chunk({ role: 'assistant', content: '' }, null);
    for (const content of chunksOf(reply.text)) yield chunk({ content }, null);
  } else {
    const named = { index: 0, id: `call_${id}`, type: 'function', function: { name: reply.tool, arguments: '' } };
    yield chunk({ role: 'assistant', content: null, tool_calls: [named] }, null);
    for (const piece of chunksOf(JSON.stringify(reply.args)))
      yield chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] }, null);
  }
  yield chunk({}, finishOf(response));
  if (includeUsage) yield event([], { usage: usageOf(response) });
  yield 'data: [DONE]\n\n';
}
