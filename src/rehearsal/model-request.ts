/** A request to the scripted model and its response, independent of the provider's wire format. */
import { z } from 'zod';

export interface Message {
  /** `system`, `developer`, `user`, `assistant`, or `tool` for the result of a tool. */
  readonly role: string;
  /** For an assistant's tool call: its arguments as JSON. */
  readonly text: string;
}

/** A tool that the client offers. */
export interface OfferedTool {
  readonly name: string;
  /** JSON Schema of its arguments; null when the request has none. */
  readonly schema: unknown;
}

export interface ModelRequest {
  readonly stream: boolean;
  /** For a stream: whether it should report usage. */
  readonly includeUsage: boolean;
  readonly messages: readonly Message[];
  readonly tools: readonly OfferedTool[];
}

export type Reply =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'call'; readonly tool: string; readonly args: Readonly<Record<string, unknown>> };

/** Token counts, in one shape for all wires; input includes cache reads. */
export interface Usage {
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly outputTokens: number;
}

export interface ModelResponse {
  /** Derived from the request, so that a rehearsal is reproducible. */
  readonly id: string;
  readonly reply: Reply;
  readonly usage: Usage;
}

/** One provider's request and response format. */
export interface RehearsalWire {
  /** Shown in the error message for unknown paths. */
  readonly path: string;
  matches(path: string): boolean;
  /** @throws ZodError */
  parseRequest(body: unknown, path: string): ModelRequest;
  toResponse(response: ModelResponse): object;
  /** The events of a stream, as they are sent. */
  toEvents(response: ModelResponse, request: ModelRequest): Iterable<string>;
}

/** The model name in every response, whatever model was requested. */
export const MODEL = 'rehearsal';

/** Characters per event of a streamed response. */
const CHUNK_CHARS = 400;

export function* chunksOf(text: string): Iterable<string> {
  const characters = Array.from(text);
  for (let at = 0; at < characters.length; at += CHUNK_CHARS) yield characters.slice(at, at + CHUNK_CHARS).join('');
}

/** An event in the form of Anthropic and the Responses format: its type is also its name. */
export function typedEvent(type: string, facts: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...facts })}\n\n`;
}

/** Text, or an array of parts, some of which have text. */
export const Text = z.union([z.string(), z.array(z.object({ text: z.string().optional() }))]);

export function textOf(content: z.infer<typeof Text> | null | undefined): string {
  return typeof content === 'string' ? content : (content ?? []).map(({ text }) => text ?? '').join('\n');
}
