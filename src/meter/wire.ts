/**
 * A wire is one request format of a provider: how to know it, what its requests ask, where its answers state usage, and
 * how it words errors. The proxy knows nothing of any format beyond this interface.
 */

/** Tokens of one call in one shape for every provider: input includes cached ones, output includes reasoning. */
export interface Usage {
  readonly input: number | null;
  readonly output: number | null;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  readonly reasoning: number | null;
  /** The provider's own object. */
  readonly raw: unknown;
}

/** What a request asks for, and the body to send on when it has to differ from the client's. */
export interface Asked {
  readonly model: string | null;
  readonly stream: boolean;
  /** Null: send the client's bytes. */
  readonly body: Buffer | null;
  /** True when the last usage event was asked for by the proxy alone and must not reach the client. */
  readonly hideUsage: boolean;
}

/** What an answer states. */
export interface Answered {
  readonly model: string | null;
  readonly usage: Usage | null;
  /** The provider said that this was all: a stream's closing mark, or the end of a body. */
  readonly closed: boolean;
  /** What the provider says went wrong, possibly after its status line said 200; at most 1,000 characters. */
  readonly error: string | null;
}

export interface StreamReader {
  /** Looks at one whole event; false keeps it from the client. */
  read(event: Buffer): boolean;
  readonly answered: () => Answered;
}

export interface Wire {
  readonly name: string;
  /** `path` is what follows `/v1`, without the query and without a `/` at its end. */
  matches(method: string, path: string): boolean;
  /** Null when the body is not what the wire expects; it then goes on unread. */
  readRequest(body: Buffer): Asked | null;
  readAnswer(body: Buffer): Answered;
  readStream(hideUsage: boolean): StreamReader;
}

/** The error body of the OpenAI formats, which is also what the proxy answers where no wire matches. */
export function openAiError(type: string, code: string, message: string): string {
  return JSON.stringify({ error: { message, type, param: null, code } });
}
