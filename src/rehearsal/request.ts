/** A chat completion request as the rehearsal reads it: the parts that a script can react to. */
import { z } from 'zod';
import type { Message } from './rules.ts';

const Part = z.object({ text: z.string().optional() });

const ChatRequest = z.object({
  model: z.string(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  messages: z.array(z.object({ role: z.string(), content: z.union([z.string(), z.array(Part)]).nullish() })).min(1),
});

export interface ChatRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly messages: readonly Message[];
}

/** The request, or a sentence that says what is wrong with it. */
export function parseChatRequest(body: string): ChatRequest | string {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return 'the body is not JSON';
  }
  const parsed = ChatRequest.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `${(issue?.path ?? []).map(String).join('.')}: ${issue?.message ?? 'invalid'}`;
  }
  const { model, stream, stream_options, messages } = parsed.data;
  return {
    model,
    stream: stream === true,
    includeUsage: stream_options?.include_usage === true,
    messages: messages.map(({ role, content }) => ({ role, text: textOf(content ?? '') })),
  };
}

function textOf(content: string | readonly z.infer<typeof Part>[]): string {
  return typeof content === 'string' ? content : content.map(({ text }) => text ?? '').join('\n');
}
