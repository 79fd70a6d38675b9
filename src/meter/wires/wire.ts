/**
 * A wire is one request format of a provider: how to recognize it, how to parse its requests, and where its responses report
 * usage. The proxy knows nothing about any format beyond this interface.
 */
import type { TokenCounts } from '../../schema/index.ts';

/** What a provider reports for one call, in one shape for all providers. */
export interface Usage extends TokenCounts {
  /** Of a response that names one: prices depend on it. */
  readonly serviceTier?: string;
  /** The provider's own usage object, as sent. */
  readonly raw: unknown;
}

/** What a request asks for, and the body to forward if it must differ from the client's. */
export interface ParsedRequest {
  readonly model: string | null;
  readonly stream: boolean;
  /** Null: forward the client's bytes. */
  readonly body: Buffer | null;
  /** True when only the proxy asked for usage, so it must not reach the client. */
  readonly hideUsage: boolean;
}

/** What a response states. */
export interface ParsedResponse {
  readonly model: string | null;
  readonly usage: Usage | null;
  /** The model finished: if the framing also ends normally, the response is complete. */
  readonly finished: boolean;
  /** The provider marked the end: a stream's end marker, or the end of a body. */
  readonly closed: boolean;
  /** The provider's error message, possibly after a status of 200; at most 1,000 characters. */
  readonly error: string | null;
}

/** Parses one streamed response incrementally. Never throws, whatever the bytes. */
export interface StreamReader {
  /** Takes the next bytes of the response; returns the bytes that the client gets now, including buffered ones. */
  push(chunk: Buffer): readonly Buffer[];
  /** Takes the end of the response; not called when the response is truncated. */
  end(): readonly Buffer[];
  /** What the response has stated so far. Until it is finished, output tokens are null even if it contains a count. */
  parsed(): ParsedResponse;
  /** The model's output so far, including reasoning and tool-call arguments; truncated when long. For estimates. */
  text(): string;
}

export type Provider = 'openai' | 'anthropic' | 'gemini';

interface WireBase {
  readonly name: string;
  /** The provider that defined the format; decides where the key goes and the format of errors. */
  readonly provider: Provider;
  /** @param path relative to the endpoint's root, so it starts with `/v1` or similar; without query and trailing `/` */
  matches(method: string, path: string): boolean;
}

/** A request that uses no tokens. */
export interface LookupWire extends WireBase {
  readonly lookup: true;
}

/** A request that uses tokens. Its functions never throw, whatever the bytes. */
export interface MeteredWire extends WireBase {
  readonly lookup: false;
  /**
   * Null when the body is not what the wire expects; it is then forwarded unparsed. `askStreamUsage`: add the request for usage to
   * a stream that lacks it.
   */
  parseRequest(body: Buffer, path: string, askStreamUsage: boolean): ParsedRequest | null;
  /** Parses a complete response that was not streamed. */
  parseResponse(body: Buffer): ParsedResponse;
  /** Parses a response of server-sent events; absent if the wire has none. `hideUsage`: as in the parsed request. */
  readonly openEventReader?: (hideUsage: boolean) => StreamReader;
  /** Parses a response of any other content type chunk by chunk; absent if such a response is parsed as a whole. */
  readonly openChunkReader?: () => StreamReader;
  /** All text of a request that the model reads, for estimates; truncated when long. */
  inputText(body: Buffer): string;
  /** All text that the model wrote in a complete response, for estimates; truncated when long. */
  outputText(body: Buffer): string;
  /**
   * Removes fields of these names from the model's messages: in a complete response, or in the data of one streamed event. Returns
   * the same buffer if there are none. Absent if the wire has no such messages.
   */
  readonly withoutFields?: (json: Buffer, names: readonly string[]) => Buffer;
}

export type Wire = LookupWire | MeteredWire;
