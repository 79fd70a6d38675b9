/** Forwards each client request upstream exactly once and relays the response. */
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Provider } from '../wires/wire.ts';
import { responseDecoder } from './body.ts';
import { clientHeaders, injectKey, trailersOf, upstreamHeaders } from './headers.ts';
import type { KeyMask, Upstream } from './upstream.ts';

/** A request as it is sent upstream: these bytes, then the rest of the client's request if `pipeRest`. */
export interface UpstreamRequest {
  /** Below the endpoint's root. */
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
  /** Decides where the API key goes when the client sent none. */
  readonly provider: Provider;
  readonly bytes: Buffer | null;
  readonly pipeRest: boolean;
  /** Headers that differ from the client's; undefined removes one. */
  readonly headers: OutgoingHttpHeaders;
}

/** Sees a response body as it passes through and decides which bytes reach the client. */
export interface ResponseTransform {
  /** True when the client's body will differ from the upstream's. If the transform buffers, valid once it releases the body. */
  readonly rewrites: boolean;
  /** True when the body is buffered until it is known what the client gets; the response headers wait for it. */
  readonly buffers: boolean;
  push(chunk: Buffer): readonly Buffer[];
  /** Called when the body is complete. */
  end(): readonly Buffer[];
  /** Called when the body is truncated. In a stream, an incomplete event is dropped: no client can use it. */
  abort(): readonly Buffer[];
}

export interface ForwardResult {
  /**
   * `complete`: to the end of its framing. `truncated`: the response broke off. `client_closed`: the client disconnected.
   * `unreachable`: no connection; `no_response`: a connection but no response; in both cases the client still waits for one.
   * `request_aborted`: the client disconnected before its request was complete.
   */
  readonly ending: 'complete' | 'truncated' | 'client_closed' | 'unreachable' | 'no_response' | 'request_aborted';
  readonly status: number | null;
  readonly requestId: string | null;
  readonly contentType: string | null;
  /** On the caller's clock: when the first byte of the body arrived. Null when none did. */
  readonly firstByteAt: number | null;
  readonly bytes: number;
  readonly error: Error | null;
}

export function isSuccess(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** What is known about the response so far. */
type Progress = { -readonly [K in keyof Omit<ForwardResult, 'ending' | 'error'>]: ForwardResult[K] };

/** Sends one request upstream and relays the response as it arrives. Never rejects. */
export function forward(
  upstream: Upstream,
  outbound: UpstreamRequest,
  request: IncomingMessage,
  response: ServerResponse,
  transformFor: (upstreamResponse: IncomingMessage) => ResponseTransform,
  now: () => number,
): Promise<ForwardResult> {
  return new Promise((resolve) => {
    const progress: Progress = { status: null, requestId: null, contentType: null, firstByteAt: null, bytes: 0 };
    let outgoing: ClientRequest | null = null;

    const finish = (ending: ForwardResult['ending'], error: Error | null = null): void => {
      response.off('close', onClientClose);
      if (outbound.pipeRest && !request.complete) {
        // The upstream responded before it had read the whole request, and the client may still be outbound.
        request.unpipe().resume();
        outgoing?.destroy();
      }
      resolve({ ending, ...progress, error });
    };
    const onClientClose = (): void => {
      finish(outbound.pipeRest && !request.complete && progress.status === null ? 'request_aborted' : 'client_closed');
      outgoing?.destroy();
    };
    response.on('close', onClientClose);
    try {
      outgoing = open(upstream, outbound, request);
    } catch (error) {
      // Node refuses to send some headers and paths that it accepts as input.
      finish('unreachable', error as Error);
      return;
    }
    onFailure(outgoing, (ending, error) => {
      if (progress.status === null) finish(ending, error);
    });
    outgoing.on('response', (upstreamResponse) => {
      progress.status = upstreamResponse.statusCode ?? null;
      progress.requestId = headerOf(upstreamResponse, 'x-request-id') ?? headerOf(upstreamResponse, 'request-id');
      progress.contentType = headerOf(upstreamResponse, 'content-type');
      const relay = new ResponseRelay(upstreamResponse, response, transformFor(upstreamResponse), upstream.newMask(), {
        received(bytes) {
          progress.firstByteAt ??= now();
          progress.bytes += bytes;
        },
        ended: finish,
        broken(ending, error) {
          if (ending === 'no_response') progress.status = null;
          finish(ending, error);
          outgoing?.destroy();
        },
      });
      relay.start();
    });
    sendBody(outgoing, outbound, request);
  });
}

function open(upstream: Upstream, outbound: UpstreamRequest, request: IncomingMessage): ClientRequest {
  const headers = upstreamHeaders(request.headers, upstream.host);
  const query = injectKey(headers, outbound.query, outbound.provider, upstream.apiKey);
  for (const [name, value] of Object.entries(outbound.headers)) {
    if (value === undefined) delete headers[name];
    else headers[name] = value;
  }
  return upstream.send(request.method ?? 'GET', upstream.pathOf(outbound.path) + query, headers);
}

/** Calls `failed` when a request ends without a response (possibly more than once), and for errors after one. */
function onFailure(outgoing: ClientRequest, failed: (ending: 'no_response' | 'unreachable', error: Error) => void): void {
  let connected = false;
  outgoing.on('socket', (socket) => {
    const isNew = socket.connecting;
    connected = !isNew;
    if (isNew) socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => void (connected = true));
  });
  const fail = (error: Error): void => failed(connected ? 'no_response' : 'unreachable', error);
  outgoing.on('error', fail);
  // This is Node's only event when an upstream switches to a protocol that was not requested.
  outgoing.on('close', () => fail(new Error('The upstream closed the connection without a response')));
}

function sendBody(outgoing: ClientRequest, outbound: UpstreamRequest, request: IncomingMessage): void {
  if (!outbound.pipeRest) {
    outgoing.end(outbound.bytes);
    return;
  }
  if (outbound.bytes !== null) outgoing.write(outbound.bytes);
  request.pipe(outgoing, { end: false });
  request.on('end', () => {
    const trailers = trailersOf(request.trailers);
    if (trailers !== null) outgoing.addTrailers(trailers);
    outgoing.end();
  });
}

interface RelayEvents {
  /** Bytes of the body arrived, compressed or not. */
  received(bytes: number): void;
  /** Everything but the end of the response has been written to the client. */
  ended(ending: 'complete'): void;
  /** `truncated`: the response broke off. `no_response`: Node rejects its headers, so the client still waits for some. */
  broken(ending: 'truncated' | 'no_response', error: Error): void;
}

/** Relays one response to the client as it arrives, from its headers to its end. */
class ResponseRelay {
  readonly #upstreamResponse: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #transform: ResponseTransform;
  readonly #mask: KeyMask;
  readonly #events: RelayEvents;
  readonly #decoder: Transform | null;
  /** The response body without compression. */
  readonly #body: IncomingMessage | Transform;
  /** Part of the body has been written, or will be together with the headers. */
  #bodyStarted: boolean;
  #ended = false;

  constructor(
    upstreamResponse: IncomingMessage,
    response: ServerResponse,
    transform: ResponseTransform,
    mask: KeyMask,
    events: RelayEvents,
  ) {
    this.#upstreamResponse = upstreamResponse;
    this.#response = response;
    this.#transform = transform;
    this.#mask = mask;
    this.#events = events;
    this.#decoder = responseDecoder(upstreamResponse.headers['content-encoding']);
    this.#body = this.#decoder ?? upstreamResponse;
    this.#bodyStarted = transform.buffers;
  }

  start(): void {
    const upstreamResponse = this.#upstreamResponse;
    const decoder = this.#decoder;
    if (!this.#transform.buffers && !this.#writeHead(null)) return;
    if (decoder !== null) upstreamResponse.pipe(decoder);
    // Send headers and body together if both are here. The headers of a stream do not wait for its first event.
    setImmediate(() => {
      if (!this.#bodyStarted) this.#response.flushHeaders();
    });
    const onError = (error: Error): void => this.#abort(error);
    upstreamResponse.on('error', onError);
    decoder?.on('error', onError);
    decoder?.on('data', (chunk: Buffer) => this.#forward(this.#transform.push(this.#mask.push(chunk))));
    let empty = true;
    upstreamResponse.on('data', (chunk: Buffer) => {
      empty = false;
      this.#events.received(chunk.length);
      if (decoder !== null) return;
      const pieces = this.#transform.push(this.#mask.push(chunk));
      // The end arrived with these bytes, so it is sent with them.
      if (upstreamResponse.complete && upstreamResponse.readableLength === 0) this.#end(pieces);
      else this.#forward(pieces);
    });
    this.#body.on('end', () => this.#end([]));
    // A response without a body, as to HEAD, may still name a content encoding.
    upstreamResponse.on('end', () => {
      if (empty) this.#end([]);
    });
  }

  /** @param length of the whole body, or null when it is not known yet. Returns false when Node rejects the headers. */
  #writeHead(length: number | null): boolean {
    const upstreamResponse = this.#upstreamResponse;
    const rewritten = this.#decoder !== null || this.#transform.rewrites;
    const headers = clientHeaders(upstreamResponse.headers, rewritten);
    if (rewritten && length !== null && length > 0) headers['content-length'] = length;
    try {
      this.#response.writeHead(upstreamResponse.statusCode ?? 502, this.#mask.headers(headers));
      return true;
    } catch (error) {
      // Node accepts some responses that it refuses to send, such as a status below 100.
      this.#events.broken('no_response', error as Error);
      return false;
    }
  }

  #write(pieces: readonly Buffer[]): void {
    for (const piece of pieces) {
      if (piece.length === 0) continue;
      this.#bodyStarted = true;
      this.#response.write(piece);
    }
  }

  #forward(pieces: readonly Buffer[]): void {
    const response = this.#response;
    if (!response.headersSent && (pieces.length === 0 || !this.#writeHead(null))) return;
    this.#write(pieces);
    if (response.writableNeedDrain) {
      this.#body.pause();
      response.once('drain', () => void this.#body.resume());
    }
  }

  #end(last: readonly Buffer[]): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#bodyStarted = true;
    const response = this.#response;
    const pieces = [...last, ...this.#transform.push(this.#mask.end()), ...this.#transform.end()];
    if (!response.headersSent && !this.#writeHead(sizeOf(pieces))) return;
    this.#write(pieces);
    const trailers = trailersOf(this.#upstreamResponse.trailers);
    if (trailers !== null) response.addTrailers(this.#mask.headers(trailers));
    this.#events.ended('complete');
    response.end();
  }

  #abort(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#bodyStarted = true;
    const response = this.#response;
    const pieces = this.#transform.abort();
    if (!response.headersSent && !this.#writeHead(null)) return;
    this.#events.broken('truncated', error);
    this.#write(pieces);
    response.flushHeaders();
    // Closing without the end of the framing signals the truncation to the client, as the upstream did to us.
    response.socket?.destroySoon();
  }
}

function sizeOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((size, { length }) => size + length, 0);
}

function headerOf(upstreamResponse: IncomingMessage, name: string): string | null {
  const value = upstreamResponse.headers[name];
  return typeof value === 'string' ? value : null;
}
