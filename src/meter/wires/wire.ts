/**
 * A wire is one request format of a provider: how to know it, what its requests ask, and where its answers state usage.
 * The proxy knows nothing of any format beyond this interface.
 */
import type { TokenCounts } from '../../schema/index.ts';

/** What a provider states of one call, in one shape for every provider. */
export interface Usage extends TokenCounts {
  /** Of a response that names one: prices depend on it. */
  readonly serviceTier?: string;
  /** The provider's own usage object, as sent. */
  readonly raw: unknown;
}

/** What a request asks for, and the body to send on when it has to differ from the client's. */
export interface ParsedRequest {
  readonly model: string | null;
  readonly stream: boolean;
  /** Null: send the client's bytes. */
  readonly body: Buffer | null;
  /** True when usage was asked for by the proxy alone and must not reach the client. */
  readonly hideUsage: boolean;
}

/** What an answer states. */
export interface ParsedResponse {
  readonly model: string | null;
  readonly usage: Usage | null;
  /** The model had come to its end: an answer whose framing then ends in order is whole. */
  readonly finished: boolean;
  /** The provider said that this was all: a stream's closing mark, or the end of a body. */
  readonly closed: boolean;
  /** What the provider says went wrong, possibly after its status line said 200; at most 1,000 characters. */
  readonly error: string | null;
}

/** Follows one streamed answer. No bytes make it throw. */
export interface StreamReader {
  /** Takes the next bytes of the answer; returns what of it, and of what was held before, the client is to get now. */
  push(chunk: Buffer): readonly Buffer[];
  /** Takes the end of the answer's framing; not called of an answer that breaks off. */
  end(): readonly Buffer[];
  /** What the answer has stated so far. Of one that is not finished, output tokens are unknown although a count may stand there. */
  parsed(): ParsedResponse;
  /** What the model has written so far, with reasoning and arguments of tool calls; long ones are cut. For estimates. */
  text(): string;
}

export type Provider = 'openai' | 'anthropic' | 'gemini';

interface Path {
  readonly name: string;
  /** Whose format it is, which says where the key goes and how errors are worded. */
  readonly provider: Provider;
  /** `path` is what follows the endpoint's root, so it begins with `/v1` or alike; without the query and a `/` at its end. */
  matches(method: string, path: string): boolean;
}

/** A request that uses no tokens. */
export interface LookupWire extends Path {
  readonly lookup: true;
}

/** A request that uses tokens. No bytes make its functions throw. */
export interface MeteredWire extends Path {
  readonly lookup: false;
  /**
   * Null when the body is not what the wire expects; it then goes on unread. `askStreamUsage`: a stream that does not ask
   * for its usage is made to.
   */
  readRequest(body: Buffer, path: string, askStreamUsage: boolean): ParsedRequest | null;
  /** Reads a whole answer that was not streamed. */
  readAnswer(body: Buffer): ParsedResponse;
  /** Follows an answer that comes as server-sent events; absent where the wire has none. `hideUsage`: as of the request. */
  readonly readEvents?: (hideUsage: boolean) => StreamReader;
  /** Follows an answer of any other content type, piece by piece; absent where such an answer is read as a whole. */
  readonly readPieces?: () => StreamReader;
  /** All text of a request that the model reads, for estimates; long ones are cut. */
  inputText(body: Buffer): string;
  /** All text of a whole answer that the model wrote, for estimates; long ones are cut. */
  outputText(body: Buffer): string;
  /**
   * Takes members of these names out of the model's messages: in a whole answer, or in the data of one event of a stream. Returns the same
   * buffer where none stands. Absent where a wire has no such messages.
   */
  readonly withoutMembers?: (json: Buffer, names: readonly string[]) => Buffer;
}

export type Wire = LookupWire | MeteredWire;
