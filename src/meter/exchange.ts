/**
 * What a recorder receives for each request that was forwarded. The cassette implements the recorder; the proxy only calls it.
 */
import type { BoundedBuffer } from './transport/body.ts';
import type { ForwardResult } from './transport/forward.ts';
import { queryWithoutKey } from './transport/headers.ts';

/** One request that was forwarded, with its response. */
export interface Exchange {
  /** Null on a path that no wire matches. */
  readonly wire: string | null;
  /** The HTTP method, such as `POST`. */
  readonly method: string;
  /**
   * Relative to the endpoint's `rootUrl`, as the client sent it:
   * `/v1/chat/completions`, `/v1beta/models/m:generateContent?alt=sse`.
   * Includes the query, without any `key` parameter.
   */
  readonly path: string;
  /** Null outside attempts. */
  readonly step: number | null;
  /** From 1; null outside attempts. */
  readonly attempt: number | null;
  /** The request body as sent upstream, without compression; null when it was not buffered. */
  readonly request: Buffer | null;
  /** HTTP status; null when no response arrived. */
  readonly status: number | null;
  /** `content-type` and `x-request-id` (the provider's request id), if the response has them. */
  readonly headers: Readonly<Record<string, string>>;
  /** The response body as the upstream sent it, without compression, the real API key masked. */
  readonly body: Buffer;
  /** False when the response was truncated; `body` is then its beginning. */
  readonly complete: boolean;
  /** The response is larger than the recorder's `maxBytes`: `body` is empty or its beginning, and `complete` has no meaning. */
  readonly oversized: boolean;
  /** The response is a stream of server-sent events. */
  readonly streamed: boolean;
  /** Milliseconds from the arrival of the request to the end of the response. */
  readonly durationMs: number;
}

/** Receives what goes back and forth, bodies included. */
export interface ExchangeRecorder {
  /** Largest request body and largest response body, in bytes, that are buffered for the recorder. */
  readonly maxBytes: number;
  /** Called in the log scope of the call when the call has ended. An exception is recorded and has no other effect. */
  record(exchange: Exchange): void;
}

const NOTHING = Buffer.alloc(0);

/** A finished exchange for a recorder that keeps at most `maxBytes` of a body. */
export function toExchange(
  facts: Pick<Exchange, 'wire' | 'method' | 'step' | 'attempt' | 'request' | 'streamed' | 'durationMs'> & {
    readonly target: { readonly path: string; readonly query: string };
    readonly answer: BoundedBuffer | null;
  },
  result: ForwardResult,
  maxBytes: number,
): Exchange {
  const { target, answer, request, ...rest } = facts;
  const body = answer?.bytes() ?? NOTHING;
  const oversized = answer?.complete === false || body.length > maxBytes;
  return {
    ...rest,
    path: target.path + queryWithoutKey(target.query),
    request: request !== null && request.length <= maxBytes ? request : null,
    status: result.status,
    headers: {
      ...(result.contentType === null ? {} : { 'content-type': result.contentType }),
      ...(result.requestId === null ? {} : { 'x-request-id': result.requestId }),
    },
    body: oversized ? body.subarray(0, maxBytes) : body,
    complete: result.ending === 'complete',
    oversized,
  };
}
