/** What a recorder is told of each request that went upstream. The cassette implements the recorder; the proxy only calls it. */
import type { BoundedBuffer } from './transport/body.ts';
import type { Forwarded } from './transport/forward.ts';
import { queryWithoutKey } from './transport/headers.ts';

export interface Exchange {
  /** Null on a path that the meter does not understand. */
  readonly wire: string | null;
  readonly method: string;
  /**
   * Below the endpoint's `rootUrl`, as the client asked: `/v1/chat/completions`, `/v1beta/models/m:generateContent?alt=sse`.
   * With the query, of which a `key` is removed.
   */
  readonly path: string;
  /** Null outside of attempts. */
  readonly step: number | null;
  readonly attempt: number | null;
  /** Without compression, as sent upstream; null when it was not held. */
  readonly request: Buffer | null;
  /** Null when no answer began. */
  readonly status: number | null;
  /** `content-type` and the provider's request id, where given. */
  readonly headers: Readonly<Record<string, string>>;
  /** As the upstream sent it, without compression, the real key covered. */
  readonly body: Buffer;
  /** False when the answer was cut; `body` is then its beginning. */
  readonly complete: boolean;
  /** The answer is larger than the recorder's `maxBytes`: `body` is empty or its beginning, `complete` says nothing. */
  readonly oversized: boolean;
  /** The answer is a stream of events. */
  readonly streamed: boolean;
  readonly durationMs: number;
}

export interface ExchangeRecorder {
  /** Of a request, and of an answer; what is larger is not held for the recorder. */
  readonly maxBytes: number;
  /** Called in the log scope of the call when it has ended. It should not throw; what it throws becomes a record and harms nothing. */
  record(exchange: Exchange): void;
}

const NOTHING = Buffer.alloc(0);

/** An exchange that has ended, for a recorder that holds `maxBytes` of a body. */
export function exchangeOf(
  facts: Pick<Exchange, 'wire' | 'method' | 'step' | 'attempt' | 'request' | 'streamed' | 'durationMs'> & {
    readonly target: { readonly path: string; readonly query: string };
    readonly answer: BoundedBuffer | null;
  },
  done: Forwarded,
  maxBytes: number,
): Exchange {
  const { target, answer, request, ...rest } = facts;
  const body = answer?.bytes() ?? NOTHING;
  const oversized = answer?.whole === false || body.length > maxBytes;
  return {
    ...rest,
    path: target.path + queryWithoutKey(target.query),
    request: request !== null && request.length <= maxBytes ? request : null,
    status: done.status,
    headers: {
      ...(done.contentType === null ? {} : { 'content-type': done.contentType }),
      ...(done.requestId === null ? {} : { 'x-request-id': done.requestId }),
    },
    body: oversized ? body.subarray(0, maxBytes) : body,
    complete: done.ending === 'whole',
    oversized,
  };
}
