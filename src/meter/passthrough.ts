/** Requests that are passed through unread: those that use no tokens, and those on paths that the meter does not understand. */
import { toSeconds } from '../schema/index.ts';
import { exchangeOf } from './exchange.ts';
import type { RequestContext } from './request-context.ts';
import { isEventStream } from './response-reader.ts';
import { BoundedBuffer } from './transport/body.ts';
import { forward, type Sending, type Tap } from './transport/forward.ts';
import { answerUnreachable } from './transport/local-error.ts';
import { providerOf } from './wires/table.ts';
import type { LookupWire, Provider } from './wires/wire.ts';

/** Never rejects. */
export async function passThrough(context: RequestContext, wire: LookupWire | null): Promise<void> {
  const { settings, scope, target, request, response } = context;
  const { recorder, upstream, now } = settings;
  const { method = 'GET' } = request;
  const began = now();
  const asked = recorder === null ? null : new BoundedBuffer(recorder.maxBytes);
  const answer = recorder === null ? null : new BoundedBuffer(recorder.maxBytes);
  if (asked !== null) request.on('data', (chunk: Buffer) => asked.push(chunk));

  const provider = wire?.provider ?? providerOf(target.path);
  const tap = tapInto(answer);
  const done = await forward(upstream, sendingOf(context, provider), request, response, () => tap, now);
  if (done.ending === 'unreachable' || done.ending === 'unanswered')
    answerUnreachable(response, provider, upstream.origin, done.error);
  const took = now() - began;

  if (recorder !== null && asked !== null) {
    const readable = asked.whole && request.headers['content-encoding'] === undefined && request.complete;
    const facts = {
      wire: wire?.name ?? null,
      method,
      target,
      step: scope.step,
      attempt: scope.attempt,
      request: readable ? asked.bytes() : null,
      answer,
      streamed: isEventStream(done.contentType ?? ''),
      durationMs: took,
    };
    scope.ledger.exchanged(recorder, exchangeOf(facts, done, recorder.maxBytes));
  }
  const facts = { method, path: target.path, status: done.status };
  if (wire === null) scope.ledger.unmetered(facts);
  else scope.ledger.lookedUp({ wire: wire.name, ...facts, duration_seconds: toSeconds(took) });
}

function sendingOf({ target, request }: RequestContext, provider: Provider): Sending {
  // Node frames a body by itself only for methods that usually have one.
  const headers = request.headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' };
  return { path: target.path, query: target.query, provider, bytes: null, more: true, headers };
}

function tapInto(answer: BoundedBuffer | null): Tap {
  return {
    rewrites: false,
    holds: false,
    push(chunk) {
      answer?.push(chunk);
      return [chunk];
    },
    end: () => [],
    cut: () => [],
  };
}
