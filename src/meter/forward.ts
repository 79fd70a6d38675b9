/** The one request that the proxy sends upstream for each request that it gets, and the way of its answer back. */
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { answerDecoder } from './body.ts';
import { putKey } from './credential.ts';
import { clientHeaders, trailersOf, upstreamHeaders } from './headers.ts';
import type { Upstream } from './upstream.ts';
import type { Provider } from './wire.ts';

/** What goes upstream: these bytes, then the rest of the client's request if `more`. */
export interface Sending {
  /** Below the endpoint's root. */
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
  /** Where the key goes for a client that sent none. */
  readonly provider: Provider;
  readonly bytes: Buffer | null;
  readonly more: boolean;
  /** Headers that differ from the client's; undefined takes one away. */
  readonly headers: OutgoingHttpHeaders;
}

/** Sees an answer's body on its way and says what reaches the client. */
export interface Tap {
  /** True when the client's body will not be byte for byte the upstream's; of a tap that holds, asked when it lets go. */
  readonly rewrites: boolean;
  /** True when the body is held back as long as it is not known what of it the client gets; the head of the answer waits for it. */
  readonly holds: boolean;
  push(chunk: Buffer): readonly Buffer[];
  /** Called when the body is whole. */
  end(): readonly Buffer[];
  /** Called of a body that breaks off; of a stream, a part of an event is of no use to anybody. */
  cut(): readonly Buffer[];
}

export interface Forwarded {
  /**
   * `whole`: to the end of its framing. `unreachable`: no connection, and `unanswered`: a connection but no answer; the client still
   * waits for one. `lost`: the client left before its request was whole, so there was nothing to answer.
   */
  readonly ending: 'whole' | 'cut' | 'client_gone' | 'unreachable' | 'unanswered' | 'lost';
  readonly status: number | null;
  readonly requestId: string | null;
  readonly contentType: string | null;
  /** On the caller's clock, when the first byte of the body came. */
  readonly firstByteAt: number | null;
  readonly bytes: number;
  readonly error: Error | null;
}

/** Sends one request upstream and passes its answer on as it comes. Never rejects. */
export function forward(
  upstream: Upstream,
  sending: Sending,
  request: IncomingMessage,
  response: ServerResponse,
  tapOf: (answer: IncomingMessage) => Tap,
  now: () => number,
): Promise<Forwarded> {
  return new Promise((resolve) => {
    let outgoing: ClientRequest | null = null;
    let status: number | null = null;
    let requestId: string | null = null;
    let contentType: string | null = null;
    let firstByteAt: number | null = null;
    let bytes = 0;
    let connected = false;

    const settle = (ending: Forwarded['ending'], error: Error | null = null): void => {
      response.off('close', onClientClose);
      if (sending.more && !request.complete) {
        // The upstream answered before it had read everything, and the client may still be sending.
        request.unpipe().resume();
        outgoing?.destroy();
      }
      resolve({ ending, status, requestId, contentType, firstByteAt, bytes, error });
    };
    const fail = (error: Error): void => settle(connected ? 'unanswered' : 'unreachable', error);
    const onClientClose = (): void => {
      settle(sending.more && !request.complete && status === null ? 'lost' : 'client_gone');
      outgoing?.destroy();
    };
    response.on('close', onClientClose);
    try {
      outgoing = open(upstream, sending, request);
    } catch (error) {
      // Node refuses some headers and paths that it has itself received.
      settle('unreachable', error as Error);
      return;
    }
    outgoing.on('socket', (socket) => {
      const isNew = socket.connecting;
      connected = !isNew;
      if (isNew) socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => void (connected = true));
    });
    outgoing.on('error', (error) => {
      if (status === null) fail(error);
    });
    // Node says nothing else where an upstream changes to a protocol that nobody asked for.
    outgoing.on('close', () => {
      if (status === null) fail(new Error('The upstream ended the connection without an answer'));
    });
    outgoing.on('response', (answer) => {
      requestId = headerOf(answer, 'x-request-id') ?? headerOf(answer, 'request-id');
      contentType = headerOf(answer, 'content-type');
      const mask = upstream.newMask();
      const tap = tapOf(answer);
      const decoder = answerDecoder(answer.headers['content-encoding']);
      /** `length` of the whole body, where all of it is there. Returns false when Node does not take the head. */
      const writeHead = (length: number | null): boolean => {
        const rewritten = decoder !== null || tap.rewrites;
        const headers = clientHeaders(answer.headers, rewritten);
        if (rewritten && length !== null && length > 0) headers['content-length'] = length;
        try {
          response.writeHead(answer.statusCode ?? 502, mask.headers(headers));
          return true;
        } catch (error) {
          // Node takes more from an upstream than it passes on, such as a status below 100.
          status = null;
          fail(error as Error);
          outgoing?.destroy();
          return false;
        }
      };
      status = answer.statusCode ?? null;
      if (!tap.holds && !writeHead(null)) return;
      const body = decoder === null ? answer : answer.pipe(decoder);
      // Head and body go out together where both are there; a stream's head does not wait for its first event.
      let begun = tap.holds;
      setImmediate(() => {
        if (!begun) response.flushHeaders();
      });

      const resume = (): void => void body.resume();
      const write = (pieces: readonly Buffer[]): void => {
        for (const piece of pieces) {
          if (piece.length === 0) continue;
          begun = true;
          response.write(piece);
        }
      };
      let ended = false;
      const end = (last: readonly Buffer[]): void => {
        if (ended) return;
        ended = true;
        begun = true;
        const pieces = [...last, ...tap.push(mask.end()), ...tap.end()];
        if (!response.headersSent && !writeHead(sizeOf(pieces))) return;
        write(pieces);
        const trailers = trailersOf(answer.trailers);
        if (trailers !== null) response.addTrailers(mask.headers(trailers));
        settle('whole');
        response.end();
      };
      const onCut = (error: Error): void => {
        if (ended) return;
        begun = true;
        const pieces = tap.cut();
        if (!response.headersSent && !writeHead(null)) return;
        settle('cut', error);
        write(pieces);
        response.flushHeaders();
        outgoing?.destroy();
        // Closing without the end of the framing tells the client what the upstream told us.
        response.socket?.destroySoon();
      };
      answer.on('error', onCut);
      decoder?.on('error', onCut);
      const pass = (pieces: readonly Buffer[]): void => {
        if (!response.headersSent && (pieces.length === 0 || !writeHead(null))) return;
        write(pieces);
        if (response.writableNeedDrain) {
          body.pause();
          response.once('drain', resume);
        }
      };
      decoder?.on('data', (chunk: Buffer) => pass(tap.push(mask.push(chunk))));
      answer.on('data', (chunk: Buffer) => {
        firstByteAt ??= now();
        bytes += chunk.length;
        if (decoder !== null) return;
        const pieces = tap.push(mask.push(chunk));
        // The end that came with these bytes goes out with them.
        if (answer.complete && answer.readableLength === 0) end(pieces);
        else pass(pieces);
      });
      body.on('end', () => end([]));
      // An answer without a body, as to HEAD, may name a compression all the same.
      answer.on('end', () => {
        if (bytes === 0) end([]);
      });
    });

    if (sending.more) {
      if (sending.bytes !== null) outgoing.write(sending.bytes);
      request.pipe(outgoing, { end: false });
      request.on('end', () => {
        const trailers = trailersOf(request.trailers);
        if (trailers !== null) outgoing.addTrailers(trailers);
        outgoing.end();
      });
    } else {
      outgoing.end(sending.bytes);
    }
  });
}

function open(upstream: Upstream, sending: Sending, request: IncomingMessage): ClientRequest {
  const headers = upstreamHeaders(request.headers, upstream.host);
  const query = putKey(headers, sending.query, sending.provider, upstream.apiKey);
  for (const [name, value] of Object.entries(sending.headers)) {
    if (value === undefined) delete headers[name];
    else headers[name] = value;
  }
  return upstream.send(request.method ?? 'GET', upstream.pathOf(sending.path) + query, headers);
}

function sizeOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((size, { length }) => size + length, 0);
}

function headerOf(answer: IncomingMessage, name: string): string | null {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : null;
}
