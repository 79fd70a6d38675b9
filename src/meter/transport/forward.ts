/** The one request that the proxy sends upstream for each request that it gets, and the way of its answer back. */
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Provider } from '../wires/wire.ts';
import { answerDecoder } from './body.ts';
import { clientHeaders, putKey, trailersOf, upstreamHeaders } from './headers.ts';
import type { KeyMask, Upstream } from './upstream.ts';

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

export function isGood(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** What is known of the answer so far. */
type Progress = { -readonly [K in keyof Omit<Forwarded, 'ending' | 'error'>]: Forwarded[K] };

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
    const seen: Progress = { status: null, requestId: null, contentType: null, firstByteAt: null, bytes: 0 };
    let outgoing: ClientRequest | null = null;

    const settle = (ending: Forwarded['ending'], error: Error | null = null): void => {
      response.off('close', onClientClose);
      if (sending.more && !request.complete) {
        // The upstream answered before it had read everything, and the client may still be sending.
        request.unpipe().resume();
        outgoing?.destroy();
      }
      resolve({ ending, ...seen, error });
    };
    const onClientClose = (): void => {
      settle(sending.more && !request.complete && seen.status === null ? 'lost' : 'client_gone');
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
    onFailure(outgoing, (ending, error) => {
      if (seen.status === null) settle(ending, error);
    });
    outgoing.on('response', (answer) => {
      seen.status = answer.statusCode ?? null;
      seen.requestId = headerOf(answer, 'x-request-id') ?? headerOf(answer, 'request-id');
      seen.contentType = headerOf(answer, 'content-type');
      const relay = new AnswerRelay(answer, response, tapOf(answer), upstream.newMask(), {
        received(bytes) {
          seen.firstByteAt ??= now();
          seen.bytes += bytes;
        },
        ended: settle,
        broken(ending, error) {
          if (ending === 'unanswered') seen.status = null;
          settle(ending, error);
          outgoing?.destroy();
        },
      });
      relay.start();
    });
    sendBody(outgoing, sending, request);
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

/** Tells of a request that ends without an answer, possibly more than once, and of errors after one. */
function onFailure(outgoing: ClientRequest, failed: (ending: 'unanswered' | 'unreachable', error: Error) => void): void {
  let connected = false;
  outgoing.on('socket', (socket) => {
    const isNew = socket.connecting;
    connected = !isNew;
    if (isNew) socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => void (connected = true));
  });
  const fail = (error: Error): void => failed(connected ? 'unanswered' : 'unreachable', error);
  outgoing.on('error', fail);
  // Node says nothing else where an upstream changes to a protocol that nobody asked for.
  outgoing.on('close', () => fail(new Error('The upstream ended the connection without an answer')));
}

function sendBody(outgoing: ClientRequest, sending: Sending, request: IncomingMessage): void {
  if (!sending.more) {
    outgoing.end(sending.bytes);
    return;
  }
  if (sending.bytes !== null) outgoing.write(sending.bytes);
  request.pipe(outgoing, { end: false });
  request.on('end', () => {
    const trailers = trailersOf(request.trailers);
    if (trailers !== null) outgoing.addTrailers(trailers);
    outgoing.end();
  });
}

interface RelayEvents {
  /** Bytes of the body came, compressed or not. */
  received(bytes: number): void;
  /** The client has been written everything but the end of its answer. */
  ended(ending: 'whole'): void;
  /** `cut`: the answer breaks off. `unanswered`: Node does not take its head, so the client still waits for one. */
  broken(ending: 'cut' | 'unanswered', error: Error): void;
}

/** Passes one answer on to the client as it comes, from its head to its end. */
class AnswerRelay {
  readonly #answer: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #tap: Tap;
  readonly #mask: KeyMask;
  readonly #events: RelayEvents;
  readonly #decoder: Transform | null;
  /** The answer's bytes without compression. */
  readonly #body: IncomingMessage | Transform;
  /** A part of the body is written, or will be with the head. */
  #begun: boolean;
  #ended = false;

  constructor(answer: IncomingMessage, response: ServerResponse, tap: Tap, mask: KeyMask, events: RelayEvents) {
    this.#answer = answer;
    this.#response = response;
    this.#tap = tap;
    this.#mask = mask;
    this.#events = events;
    this.#decoder = answerDecoder(answer.headers['content-encoding']);
    this.#body = this.#decoder ?? answer;
    this.#begun = tap.holds;
  }

  start(): void {
    const answer = this.#answer;
    const decoder = this.#decoder;
    if (!this.#tap.holds && !this.#writeHead(null)) return;
    if (decoder !== null) answer.pipe(decoder);
    // Head and body go out together where both are there; a stream's head does not wait for its first event.
    setImmediate(() => {
      if (!this.#begun) this.#response.flushHeaders();
    });
    const onCut = (error: Error): void => this.#cut(error);
    answer.on('error', onCut);
    decoder?.on('error', onCut);
    decoder?.on('data', (chunk: Buffer) => this.#pass(this.#tap.push(this.#mask.push(chunk))));
    let empty = true;
    answer.on('data', (chunk: Buffer) => {
      empty = false;
      this.#events.received(chunk.length);
      if (decoder !== null) return;
      const pieces = this.#tap.push(this.#mask.push(chunk));
      // The end that came with these bytes goes out with them.
      if (answer.complete && answer.readableLength === 0) this.#end(pieces);
      else this.#pass(pieces);
    });
    this.#body.on('end', () => this.#end([]));
    // An answer without a body, as to HEAD, may name a compression all the same.
    answer.on('end', () => {
      if (empty) this.#end([]);
    });
  }

  /** `length` of the whole body, where all of it is there. Returns false when Node does not take the head. */
  #writeHead(length: number | null): boolean {
    const answer = this.#answer;
    const rewritten = this.#decoder !== null || this.#tap.rewrites;
    const headers = clientHeaders(answer.headers, rewritten);
    if (rewritten && length !== null && length > 0) headers['content-length'] = length;
    try {
      this.#response.writeHead(answer.statusCode ?? 502, this.#mask.headers(headers));
      return true;
    } catch (error) {
      // Node takes more from an upstream than it passes on, such as a status below 100.
      this.#events.broken('unanswered', error as Error);
      return false;
    }
  }

  #write(pieces: readonly Buffer[]): void {
    for (const piece of pieces) {
      if (piece.length === 0) continue;
      this.#begun = true;
      this.#response.write(piece);
    }
  }

  #pass(pieces: readonly Buffer[]): void {
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
    this.#begun = true;
    const response = this.#response;
    const pieces = [...last, ...this.#tap.push(this.#mask.end()), ...this.#tap.end()];
    if (!response.headersSent && !this.#writeHead(sizeOf(pieces))) return;
    this.#write(pieces);
    const trailers = trailersOf(this.#answer.trailers);
    if (trailers !== null) response.addTrailers(this.#mask.headers(trailers));
    this.#events.ended('whole');
    response.end();
  }

  #cut(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#begun = true;
    const response = this.#response;
    const pieces = this.#tap.cut();
    if (!response.headersSent && !this.#writeHead(null)) return;
    this.#events.broken('cut', error);
    this.#write(pieces);
    response.flushHeaders();
    // Closing without the end of the framing tells the client what the upstream told us.
    response.socket?.destroySoon();
  }
}

function sizeOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((size, { length }) => size + length, 0);
}

function headerOf(answer: IncomingMessage, name: string): string | null {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : null;
}
