/** Requests that are passed on unread: those that use no tokens, and those on paths that the meter does not understand. */
import { toSeconds } from '../schema.ts';
import type { Arrival } from './arrival.ts';
import { forward } from './forward.ts';
import { HeldBytes } from './held.ts';
import { recordExchange } from './recording.ts';
import { answerUnreachable } from './refusal.ts';
import type { LookupWire } from './wire.ts';
import { providerOf } from './wires.ts';

/** Never rejects. */
export async function passOn(arrival: Arrival, wire: LookupWire | null): Promise<void> {
  const { meters, account, target, request, response } = arrival;
  const { method = 'GET' } = request;
  const began = meters.now();
  const recorded = meters.recorder?.maxBytes ?? 0;
  const asked = new HeldBytes(recorded);
  const answer = new HeldBytes(recorded);
  if (recorded > 0) request.on('data', (chunk: Buffer) => asked.push(chunk));

  const provider = wire?.provider ?? providerOf(target.path);
  // Node frames a body by itself only for methods that usually have one.
  const headers = request.headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' };
  const sending = { path: target.path, query: target.query, provider, bytes: null, more: true, headers };
  const tap = {
    rewrites: false,
    holds: false,
    push(chunk: Buffer) {
      if (recorded > 0) answer.push(chunk);
      return [chunk];
    },
    end: () => [],
    cut: () => [],
  };
  const done = await forward(meters.upstream, sending, request, response, () => tap, meters.now);
  if (done.ending === 'unreachable' || done.ending === 'unanswered')
    answerUnreachable(response, provider, meters.upstream.origin, done.error);
  const took = meters.now() - began;

  const readable = asked.whole && request.headers['content-encoding'] === undefined && request.complete;
  const streamed = done.contentType?.includes('event-stream') === true;
  recordExchange(arrival, wire?.name ?? null, readable ? asked.bytes() : null, done, { body: answer, streamed }, took);
  const facts = { method, path: target.path, status: done.status };
  if (wire === null) account.ledger.unmetered(facts);
  else account.ledger.lookedUp({ wire: wire.name, ...facts, duration_seconds: toSeconds(took) });
}
