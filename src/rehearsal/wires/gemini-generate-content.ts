/** Gemini's generateContent and streamGenerateContent. */
import { z } from 'zod';
import { MODEL, chunksOf, type ModelResponse, type ModelRequest, type Message, type RehearsalWire } from '../model-request.ts';

const Part = z.object({
  text: z.string().optional(),
  functionCall: z.object({ args: z.unknown().optional() }).optional(),
  functionResponse: z.object({ response: z.unknown().optional() }).optional(),
});
const Content = z.object({ role: z.string().optional(), parts: z.array(Part).default([]) });
const Tool = z.object({ name: z.string(), parameters: z.unknown().optional(), parametersJsonSchema: z.unknown().optional() });

const Request = z.object({
  systemInstruction: Content.optional(),
  contents: z.array(Content).min(1),
  tools: z.array(z.object({ functionDeclarations: z.array(Tool).optional() })).optional(),
});

const PATH = /^\/v1[a-z]*\/models\/[^/:]+:(generateContent|streamGenerateContent)$/;

export const geminiGenerateContent: RehearsalWire = {
  path: '/v1beta/models/…:generateContent',
  matches: (path) => PATH.test(path),
  parseRequest,
  toResponse: (response) => chunk(response, [partOf(response)], true),
  toEvents,
};

function parseRequest(body: unknown, path: string): ModelRequest {
  const { systemInstruction, contents, tools } = Request.parse(body);
  const system = systemInstruction === undefined ? [] : messagesOf({ ...systemInstruction, role: 'system' });
  return {
    stream: path.endsWith(':streamGenerateContent'),
    includeUsage: true,
    messages: [...system, ...contents.flatMap(messagesOf)],
    tools: (tools ?? []).flatMap(({ functionDeclarations = [] }) =>
      functionDeclarations.map(({ name, parameters, parametersJsonSchema }) => ({
        name,
        schema: parametersJsonSchema ?? parameters ?? null,
      })),
    ),
  };
}

function messagesOf({ role = 'user', parts }: z.infer<typeof Content>): Message[] {
  return parts.map(({ text, functionCall, functionResponse }) => {
    if (functionResponse !== undefined) return { role: 'tool', text: textsIn(functionResponse.response) };
    const normalizedRole = role === 'model' ? 'assistant' : role;
    return { role: normalizedRole, text: functionCall === undefined ? (text ?? '') : JSON.stringify(functionCall.args ?? {}) };
  });
}

/** The texts of a tool result, without its JSON structure. */
function textsIn(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? Object.values(value).map(textsIn).join('\n') : String(value);
}

function partOf({ id, reply }: ModelResponse): object {
  if (reply.kind === 'text') return { text: reply.text };
  return { functionCall: { id: `call_${id}`, name: reply.tool, args: reply.args } };
}

function chunk(
  { id, usage: { inputTokens, cacheReadTokens, outputTokens } }: ModelResponse,
  parts: readonly object[],
  last: boolean,
): object {
  return {
    candidates: [{ index: 0, content: { role: 'model', parts }, ...(last ? { finishReason: 'STOP' } : {}) }],
    ...(last
      ? {
          usageMetadata: {
            promptTokenCount: inputTokens,
            cachedContentTokenCount: cacheReadTokens,
            candidatesTokenCount: outputTokens,
            totalTokenCount: inputTokens + outputTokens,
          },
        }
      : {}),
    modelVersion: MODEL,
    responseId: id,
  };
}

function* toEvents(response: ModelResponse): Iterable<string> {
  const event = (value: object): string => `data: ${JSON.stringify(value)}\r\n\r\n`;
  const { reply } = response;
  if (reply.kind === 'text') {
    for (const text of chunksOf(reply.text)) yield event(chunk(response, [{ text }], false));
    yield event(chunk(response, [{ text: '' }], true));
  } else {
    yield event(chunk(response, [partOf(response)], true));
  }
}
