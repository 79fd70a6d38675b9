/** OpenAI's Responses. */
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

/** Messages, tool calls and their results. Other items (reasoning, provider-specific ones) are ignored by the script. */
const Item = z.object({
  type: z.string().optional(),
  role: z.string().optional(),
  content: Text.nullish().catch(null),
  arguments: z.string().optional(),
  output: Text.optional().catch(undefined),
});

const Request = z.object({
  model: z.string(),
  stream: z.boolean().nullish(),
  instructions: z.string().nullish(),
  input: z.union([z.string(), z.array(Item)]),
  tools: z.array(z.object({ type: z.string(), name: z.string().optional(), parameters: z.unknown().optional() })).nullish(),
});

export const openaiResponses: RehearsalWire = {
  path: '/v1/responses',
  matches: (path) => path === '/v1/responses',
  parseRequest,
  toResponse: (response) => responseOf(response, 'completed'),
  toEvents,
};

function parseRequest(body: unknown): ModelRequest {
  const { stream, instructions, input, tools } = Request.parse(body);
  const items = typeof input === 'string' ? [{ role: 'user', text: input }] : input.flatMap(messageOf);
  return {
    stream: stream === true,
    includeUsage: true,
    messages: [...(instructions ? [{ role: 'system', text: instructions }] : []), ...items],
    tools: (tools ?? []).flatMap(({ type, name, parameters }) =>
      type === 'function' && name !== undefined ? [{ name, schema: parameters ?? null }] : [],
    ),
  };
}

function messageOf(item: z.infer<typeof Item>): Message[] {
  if (item.type === 'function_call') return [{ role: 'assistant', text: item.arguments ?? '' }];
  if (item.type === 'function_call_output') return [{ role: 'tool', text: textOf(item.output) }];
  return item.role === undefined ? [] : [{ role: item.role, text: textOf(item.content) }];
}

function itemOf({ id, reply }: ModelResponse): object {
  if (reply.kind === 'text')
    return {
      id: `msg_${id}`,
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: reply.text, annotations: [] }],
    };
  return {
    id: `fc_${id}`,
    type: 'function_call',
    status: 'completed',
    call_id: `call_${id}`,
    name: reply.tool,
    arguments: JSON.stringify(reply.args),
  };
}

function responseOf(response: ModelResponse, status: 'in_progress' | 'completed'): object {
  const { inputTokens, cacheReadTokens, outputTokens } = response.usage;
  const done = status === 'completed';
  return {
    id: `resp_${response.id}`,
    object: 'response',
    created_at: 0,
    status,
    model: MODEL,
    output: done ? [itemOf(response)] : [],
    usage: done
      ? {
          input_tokens: inputTokens,
          input_tokens_details: { cached_tokens: cacheReadTokens },
          output_tokens: outputTokens,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: inputTokens + outputTokens,
        }
      : null,
  };
}

function* toEvents(response: ModelResponse): Iterable<string> {
  let sequence_number = 0;
  const event = (type: string, facts: object): string => typedEvent(type, { ...facts, sequence_number: sequence_number++ });
  const { id, reply } = response;
  const output_index = 0;
  yield event('response.created', { response: responseOf(response, 'in_progress') });
  if (reply.kind === 'text') {
    const at = { item_id: `msg_${id}`, output_index, content_index: 0 };
    yield event('response.output_item.added', {
      output_index,
      item: { ...itemOf(response), status: 'in_progress', content: [] },
    });
    yield event('response.content_part.added', { ...at, part: { type: 'output_text', text: '', annotations: [] } });
    for (const delta of chunksOf(reply.text)) yield event('response.output_text.delta', { ...at, delta });
    yield event('response.output_text.done', { ...at, text: reply.text });
    yield event('response.content_part.done', { ...at, part: { type: 'output_text', text: reply.text, annotations: [] } });
  } else {
    const at = { item_id: `fc_${id}`, output_index };
    yield event('response.output_item.added', {
      output_index,
      item: { ...itemOf(response), status: 'in_progress', arguments: '' },
    });
    const args = JSON.stringify(reply.args);
    for (const delta of chunksOf(args)) yield event('response.function_call_arguments.delta', { ...at, delta });
    yield event('response.function_call_arguments.done', { ...at, arguments: args });
  }
  yield event('response.output_item.done', { output_index, item: itemOf(response) });
  yield event('response.completed', { response: responseOf(response, 'completed') });
}
