/** Anthropic's messages. */
import { z } from 'zod';
import {
  MODEL,
  chunksOf,
  Text,
  textOf,
  typedEvent,
  type ModelResponse,
  type ModelRequest,
  type Message,
  type RehearsalWire,
} from '../model-request.ts';

const Block = z.object({
  type: z.string(),
  text: z.string().optional(),
  input: z.unknown().optional(),
  content: Text.optional().catch(undefined),
});

const Request = z.object({
  model: z.string(),
  stream: z.boolean().nullish(),
  system: Text.nullish(),
  tools: z.array(z.object({ name: z.string(), input_schema: z.unknown().optional() })).nullish(),
  messages: z.array(z.object({ role: z.string(), content: z.union([z.string(), z.array(Block)]) })).min(1),
});

export const anthropicMessages: RehearsalWire = {
  path: '/v1/messages',
  matches: (path) => path === '/v1/messages',
  parseRequest,
  toResponse: (response) => ({
    ...messageOf(response),
    content: [blockOf(response)],
    stop_reason: stopOf(response),
    usage: usageOf(response),
  }),
  toEvents,
};

function parseRequest(body: unknown): ModelRequest {
  const { stream, system, tools, messages } = Request.parse(body);
  return {
    stream: stream === true,
    includeUsage: true,
    messages: [...(system ? [{ role: 'system', text: textOf(system) }] : []), ...messages.flatMap(messagesOf)],
    tools: (tools ?? []).map(({ name, input_schema }) => ({ name, schema: input_schema ?? null })),
  };
}

/** Tool results are part of a user message. */
function messagesOf({ role, content }: z.infer<typeof Request>['messages'][number]): Message[] {
  if (typeof content === 'string') return [{ role, text: content }];
  return content.flatMap((block): Message[] => {
    if (block.type === 'text') return [{ role, text: block.text ?? '' }];
    if (block.type === 'tool_use') return [{ role, text: JSON.stringify(block.input ?? {}) }];
    return block.type === 'tool_result' ? [{ role: 'tool', text: textOf(block.content) }] : [];
  });
}

function messageOf({ id }: ModelResponse): object {
  return { id: `msg_${id}`, type: 'message', role: 'assistant', model: MODEL, content: [], stop_sequence: null };
}

function blockOf({ id, reply }: ModelResponse): object {
  if (reply.kind === 'text') return { type: 'text', text: reply.text };
  return { type: 'tool_use', id: `toolu_${id}`, name: reply.tool, input: reply.args };
}

function stopOf({ reply }: ModelResponse): string {
  return reply.kind === 'text' ? 'end_turn' : 'tool_use';
}

/** Anthropic's input count excludes cache reads. */
function usageOf({ usage: { inputTokens, cacheReadTokens, outputTokens } }: ModelResponse): object {
  return {
    input_tokens: inputTokens - cacheReadTokens,
    cache_read_input_tokens: cacheReadTokens,
    cache_creation_input_tokens: 0,
    output_tokens: outputTokens,
  };
}

function* toEvents(response: ModelResponse): Iterable<string> {
  const { reply, usage } = response;
  const atStart = { ...response, usage: { ...usage, outputTokens: 0 } };
  yield typedEvent('message_start', { message: { ...messageOf(response), stop_reason: null, usage: usageOf(atStart) } });
  const empty = reply.kind === 'text' ? { text: '' } : { input: {} };
  yield typedEvent('content_block_start', { index: 0, content_block: { ...blockOf(response), ...empty } });
  if (reply.kind === 'text') {
    for (const text of chunksOf(reply.text))
      yield typedEvent('content_block_delta', { index: 0, delta: { type: 'text_delta', text } });
  } else {
    for (const partial_json of chunksOf(JSON.stringify(reply.args)))
      yield typedEvent('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json } });
  }
  yield typedEvent('content_block_stop', { index: 0 });
  yield typedEvent('message_delta', { delta: { stop_reason: stopOf(response), stop_sequence: null }, usage: usageOf(response) });
  yield typedEvent('message_stop', {});
}
