/** The provider, and the one request that the proxy sends there for each request that it gets. */
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { stepwellError } from '../errors.ts';
import { answerDecoder } from './body.ts';
import { clientHeaders, upstreamHeaders } from './headers.ts';
import { createKeyMask, type KeyMask } from './mask.ts';

export interface Upstream {
  /** Scheme, host and port, for sentences. */
  readonly origin: string;
  /** `pathAndQuery` is what follows the client's `/v1`. */
  send(request: IncomingMessage, pathAndQuery: string, headers: OutgoingHttpHeaders): ClientRequest;
  /** For one answer: covers the real key in it. */
  newMask(): KeyMask;
  close(): void;
}

/** @throws UPSTREAM_URL_INVALID */
export function connectUpstream(baseUrl: string, apiKey: string | null): Upstream {
  const base = URL.parse(baseUrl);
  if (base === null) throw stepwellError('UPSTREAM_URL_INVALID', { baseUrl, reason: 'it is not a URL' });
  if (base.protocol !== 'http:' && base.protocol !== 'https:') {
    throw stepwellError('UPSTREAM_URL_INVALID', {
      baseUrl,
      reason: `it begins with ${base.protocol} and not with http: or https:`,
    });
  }
  const secure = base.protocol === 'https:';
  // A connection that idles shorter than servers keep theirs is seldom closed under a request on its way. Such a request
  // is not sent again by the proxy: one request in is one request out, and the client's own retry is a call of its own.
  const agent = secure ? new HttpsAgent({ keepAlive: true, timeout: 4_000 }) : new HttpAgent({ keepAlive: true, timeout: 4_000 });
  const start = secure ? httpsRequest : httpRequest;
  const root = base.pathname.replace(/\/+$/, '');
  return {
    origin: base.origin,
    send: (request, pathAndQuery, changed) =>
      start({
        agent,
        hostname: base.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: base.port === '' ? undefined : base.port,
        method: request.method,
        path: root + pathAndQuery,
        headers: withChanges(upstreamHeaders(request.headers, base.host, apiKey), changed),
      }),
    newMask: () => createKeyMask(apiKey),
    close: () => agent.destroy(),
  };
}

function withChanges(headers: OutgoingHttpHeaders, changed: OutgoingHttpHeaders): OutgoingHttpHeaders {
  for (const [name, value] of Object.entries(changed)) {
    if (value === undefined) delete headers[name];
    else headers[name] = value;
  }
  return headers;
}

/** What goes upstream: these bytes, then the rest of the client's request if `more`. */
export interface Sending {
  readonly bytes: Buffer;
  readonly more: boolean;
  /** Headers that differ from the client's; undefined takes one away. */
  readonly headers: OutgoingHttpHeaders;
}

/** Sees an answer's body on its way and says what reaches the client. */
export interface Tap {
  /** True when the client's body will not be byte for byte the upstream's. */
  readonly rewrites: boolean;
  push(chunk: Buffer): readonly Buffer[];
  /** Called when the body is whole; of one that is cut, a part of an event is of no use to anybody. */
  end(): readonly Buffer[];
}

export interface Forwarded {
  /** `whole`: to the end of its framing. `unreachable`: no answer began, and the client still waits for one. */
  readonly ending: 'whole' | 'cut' | 'client_gone' | 'unreachable';
  readonly status: number | null;
  readonly requestId: string | null;
  /** On the caller's clock, when the first byte of the body came. */
  readonly firstByteAt: number | null;
  readonly bytes: number;
  readonly error: Error | null;
}

/** Sends one request upstream and passes its answer on as it comes. Never rejects. */
export function forward(
  upstream: Upstream,
  request: IncomingMessage,
  pathAndQuery: string,
  sending: Sending,
  response: ServerResponse,
  tapOf: (answer: IncomingMessage) => Tap | null,
  now: () => number,
): Promise<Forwarded> {
  return new Promise((resolve) => {
    let status: number | null = null;
    let requestId: string | null = null;
    let firstByteAt: number | null = null;
    let bytes = 0;

    const settle = (ending: Forwarded['ending'], error: Error | null = null): void => {
      response.off('close', onClientClose);
      resolve({ ending, status, requestId, firstByteAt, bytes, error });
    };
    let outgoing: ClientRequest;
    const onClientClose = (): void => {
      settle('client_gone');
      outgoing.destroy();
    };
    response.on('close', onClientClose);
    try {
      outgoing = upstream.send(request, pathAndQuery, sending.headers);
    } catch (error) {
      // Node refuses some headers and paths that it has itself received.
      settle('unreachable', error as Error);
      return;
    }
    outgoing.on('error', (error) => {
      if (status === null) settle('unreachable', error);
    });
    outgoing.on('response', (answer) => {
      status = answer.statusCode ?? null;
      requestId = headerOf(answer, 'x-request-id') ?? headerOf(answer, 'request-id');
      const mask = upstream.newMask();
      const tap = tapOf(answer);
      const decoder = answerDecoder(answer.headers['content-encoding']);
      const body = decoder === null ? answer : answer.pipe(decoder);
      const headers = clientHeaders(answer.headers, decoder !== null || tap?.rewrites === true);
      response.writeHead(answer.statusCode ?? 502, mask.headers(headers));
      response.flushHeaders();

      const resume = (): void => void body.resume();
      const pass = (pieces: readonly Buffer[]): void => {
        for (const piece of pieces) if (piece.length > 0) response.write(piece);
        if (response.writableNeedDrain) {
          body.pause();
          response.once('drain', resume);
        }
      };
      const tapped = (chunk: Buffer): readonly Buffer[] => tap?.push(chunk) ?? [chunk];
      const onCut = (error: Error): void => {
        settle('cut', error);
        outgoing.destroy();
        // Closing without the end of the framing tells the client what the upstream told us.
        response.socket?.destroySoon();
      };
      answer.on('data', (chunk: Buffer) => {
        firstByteAt ??= now();
        bytes += chunk.length;
      });
      answer.on('error', onCut);
      decoder?.on('error', onCut);
      body.on('data', (chunk: Buffer) => pass(tapped(mask.push(chunk))));
      body.on('end', () => {
        pass([...tapped(mask.end()), ...(tap?.end() ?? [])]);
        settle('whole');
        response.end();
      });
    });

    if (sending.more) {
      outgoing.write(sending.bytes);
      request.pipe(outgoing);
    } else {
      outgoing.end(sending.bytes);
    }
  });
}

function headerOf(answer: IncomingMessage, name: string): string | null {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : null;
}
