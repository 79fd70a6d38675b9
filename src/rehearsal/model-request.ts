/** What is asked of the scripted model and what it replies, whatever wire it came by. */
import { z } from 'zod';

export interface Message {
  /** `system`, `developer`, `user`, `assistant`, or `tool` for what a tool gave back. */
  readonly role: string;
  /** Of an assistant's tool call: the arguments. */
  readonly text: string;
}

/** A tool that the client is ready to run. */
export interface OfferedTool {
  readonly name: string;
  /** JSON Schema of its arguments; null where the request states none. */
  readonly schema: unknown;
}

export interface ModelRequest {
  readonly stream: boolean;
  /** Of a stream: whether its usage is wanted. */
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
  /** Told by the request, so that a rehearsal repeats exactly. */
  readonly id: string;
  readonly reply: Reply;
  readonly usage: Usage;
}

/** One provider's way to ask and to answer. */
export interface RehearsalWire {
  /** For the sentence that says what is answered. */
  readonly path: string;
  matches(path: string): boolean;
  /** @throws ZodError */
  parseRequest(body: unknown, path: string): ModelRequest;
  toResponse(answer: ModelResponse): object;
  /** The events of a stream, as they are sent. */
  stream(answer: ModelResponse, ask: ModelRequest): Iterable<string>;
}

/** The name under which every answer is given, whatever model was asked for. */
export const MODEL = 'rehearsal';

/** Characters per event of a streamed answer. */
const CHUNK_CHARS = 400;

export function* chunksOf(text: string): Iterable<string> {
  const characters = Array.from(text);
  for (let at = 0; at < characters.length; at += CHUNK_CHARS) yield characters.slice(at, at + CHUNK_CHARS).join('');
}

/** An event as Anthropic and the Responses format send it: its type is its name as well. */
export function typedEvent(type: string, facts: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...facts })}\n\n`;
}

/** Text, or parts of which some have text. */
export const Text = z.union([z.string(), z.array(z.object({ text: z.string().optional() }))]);

export function textOf(content: z.infer<typeof Text> | null | undefined): string {
  return typeof content === 'string' ? content : (content ?? []).map(({ text }) => text ?? '').join('\n');
}
