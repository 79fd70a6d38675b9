/** Requests that are forwarded without being parsed: those that use no tokens, and those on unknown paths. */
import { toSeconds } from '../schema/index.ts';
import { toExchange } from './exchange.ts';
import type { RequestContext } from './request-context.ts';
import { isEventStream } from './response-reader.ts';
import { BoundedBuffer } from './transport/body.ts';
import { forward, type UpstreamRequest, type ResponseTransform } from './transport/forward.ts';
import { sendUpstreamUnreachable } from './transport/local-error.ts';
import { providerOf } from './wires/table.ts';
import type { LookupWire, Provider } from './wires/wire.ts';

/** Never rejects. */
export async function passThrough(context: RequestContext, wire: LookupWire | null): Promise<void> {
  const { settings, scope, target, request, response } = context;
  const { recorder, upstream, now } = settings;
  const { method = 'GET' } = request;
  const startedAt = now();
  const requestBody = recorder === null ? null : new BoundedBuffer(recorder.maxBytes);
  const responseBody = recorder === null ? null : new BoundedBuffer(recorder.maxBytes);
  if (requestBody !== null) request.on('data', (chunk: Buffer) => requestBody.push(chunk));

  const provider = wire?.provider ?? providerOf(target.path);
  const transform = captureInto(responseBody);
  const result = await forward(upstream, upstreamRequestFor(context, provider), request, response, () => transform, now);
  if (result.ending === 'unreachable' || result.ending === 'no_response')
    sendUpstreamUnreachable(response, provider, upstream.origin, result.error);
  const elapsedMs = now() - startedAt;

  if (recorder !== null && requestBody !== null) {
    const readable = requestBody.complete && request.headers['content-encoding'] === undefined && request.complete;
    const facts = {
      wire: wire?.name ?? null,
      method,
      target,
      step: scope.step,
      attempt: scope.attempt,
      request: readable ? requestBody.bytes() : null,
      answer: responseBody,
      streamed: isEventStream(result.contentType ?? ''),
      durationMs: elapsedMs,
    };
    scope.ledger.exchanged(recorder, toExchange(facts, result, recorder.maxBytes));
  }
  const facts = { method, path: target.path, status: result.status };
  if (wire === null) scope.ledger.unmetered(facts);
  else scope.ledger.lookedUp({ wire: wire.name, ...facts, duration_seconds: toSeconds(elapsedMs) });
}

function upstreamRequestFor({ target, request }: RequestContext, provider: Provider): UpstreamRequest {
  // Node sets the framing of a body by itself only for methods that usually have one.
  const headers = request.headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' };
  return { path: target.path, query: target.query, provider, bytes: null, pipeRest: true, headers };
}

function captureInto(buffer: BoundedBuffer | null): ResponseTransform {
  return {
    rewrites: false,
    buffers: false,
    push(chunk) {
      buffer?.push(chunk);
      return [chunk];
    },
    end: () => [],
    abort: () => [],
  };
}
