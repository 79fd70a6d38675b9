/** One metered request, from its arrival to its record. */
import { hash } from 'node:crypto';
import { toSeconds } from '../schema.ts';
import type { Account } from './account.ts';
import type { Arrival } from './arrival.ts';
import { readBody, type RequestBody } from './body.ts';
import { admit } from './budget.ts';
import { nextCallId } from './call-id.ts';
import type { Estimate } from './estimator.ts';
import { forward, type Forwarded, type Sending } from './forward.ts';
import { outcomeOf } from './outcome.ts';
import { Reading } from './reading.ts';
import { recordExchange } from './recording.ts';
import { answerUnreachable, refuseForBudget } from './refusal.ts';
import type { Target } from './route.ts';
import { mayHaveUsed, spentOf } from './spent.ts';
import type { Asked, MeteredWire, Usage } from './wire.ts';

const NOTHING_ASKED: Asked = { model: null, stream: false, body: null, hideUsage: false };

/** A client that left before its request was whole: there was nothing to send on. */
const NOT_FORWARDED: Forwarded = {
  ending: 'lost',
  status: null,
  requestId: null,
  contentType: null,
  firstByteAt: null,
  bytes: 0,
  error: null,
};

/** Never rejects, and records each call when it begins and when it has ended. */
export async function meterCall(arrival: Arrival, wire: MeteredWire): Promise<void> {
  const { meters, account, target, request, response } = arrival;
  const at = new Date();
  const began = meters.now();
  const body = await readBody(request);
  const refusal = admit(meters.budgets);
  if (refusal !== null) {
    request.resume();
    account.ledger.budgetRefused(refusal);
    refuseForBudget(response, wire.provider, refusal);
    arrival.exceeded(refusal);
    return;
  }
  const asked = (body.plain === null ? null : wire.readRequest(body.plain, target.known, meters.askStreamUsage)) ?? NOTHING_ASKED;
  let requestBytes = body.raw.length;
  const announced = body.rest === 'to_come' ? Number(request.headers['content-length'] ?? requestBytes) : requestBytes;
  const common = {
    call_id: nextCallId(),
    wire: wire.name,
    path: target.path,
    'gen_ai.request.model': asked.model,
    'gen_ai.request.stream': asked.stream,
    request_bytes: announced,
    retry_of: takeFailed(account, target, body),
    attribution: arrival.attribution,
    phase: arrival.phase,
  };
  account.ledger.callStarted(common);
  if (body.rest === 'to_come') request.on('data', (chunk: Buffer) => void (requestBytes += chunk.length));

  const reading = new Reading(wire, {
    hideUsage: asked.hideUsage,
    recorded: meters.recorder?.maxBytes ?? 0,
    omission: meters.omission,
  });
  const sending = sendingOf(wire, target, body, asked);
  const done =
    body.rest === 'lost'
      ? NOT_FORWARDED
      : await forward(meters.upstream, sending, request, response, (answer) => reading.tapOf(answer), meters.now);
  if (done.ending === 'unreachable' || done.ending === 'unanswered')
    answerUnreachable(response, wire.provider, meters.upstream.origin, done.error);
  const took = meters.now() - began;

  const answered = reading.answered();
  const { usage } = answered;
  const outcome = outcomeOf(done, answered);
  if (outcome !== 'ok') rememberFailed(account, common.call_id, target, body);
  if (done.ending !== 'lost') recordExchange(arrival, wire.name, body.plain === null ? null : sending.bytes, done, reading, took);

  const estimate = mayHaveUsed(done) ? await estimateMissing(arrival, body, reading, usage) : null;
  const priced = { asked: asked.model, answered: answered.model, usage, at };
  const cost = meters.prices.costOf(priced);
  const spent = mayHaveUsed(done)
    ? spentOf({ ...priced, nanoUsd: cost.nanoUsd }, estimate, meters.prices)
    : { tokens: 0, nanoUsd: 0 };
  for (const budget of meters.budgets) budget.end(meters.priced ? spent : { ...spent, nanoUsd: 0 });
  account.ledger.callEnded(
    {
      ...common,
      request_bytes: requestBytes,
      outcome,
      status: done.status,
      'gen_ai.response.model': answered.model,
      'gen_ai.usage.input_tokens': usage?.input ?? null,
      'gen_ai.usage.output_tokens': usage?.output ?? null,
      'gen_ai.usage.cache_read.input_tokens': usage?.cacheRead ?? null,
      'gen_ai.usage.cache_write.input_tokens': usage?.cacheWrite ?? null,
      'gen_ai.usage.reasoning.output_tokens': usage?.reasoning ?? null,
      usage_source: stated(usage) ? 'provider' : estimate === null ? 'none' : 'estimate',
      usage_raw: usage?.raw ?? null,
      provider_request_id: done.requestId,
      time_to_first_byte_seconds: done.firstByteAt === null ? null : toSeconds(done.firstByteAt - began),
      duration_seconds: toSeconds(took),
      response_bytes: done.bytes,
      cost_nano_usd: cost.nanoUsd,
      price_source: cost.source,
      estimate,
    },
    done.error ?? (answered.error === null ? null : new Error(answered.error)),
  );
}

function stated(usage: Usage | null): boolean {
  return usage !== null && (usage.input !== null || usage.output !== null);
}

/** Of what the provider has not stated; null when it has stated all, or there is nothing to count. */
async function estimateMissing(
  { meters, target, request: { method = '' } }: Arrival,
  { plain }: RequestBody,
  reading: Reading,
  usage: Usage | null,
): Promise<Estimate | null> {
  const input = usage?.input ?? null;
  const output = usage?.output ?? null;
  if (input !== null && output !== null) return null;
  const body = input === null ? plain : null;
  const written = output === null ? reading.text() : null;
  return await meters.estimator.estimate({ method, path: target.known, body, written });
}

/** The client's bytes unless the wire or the compression asks for others. */
function sendingOf(wire: MeteredWire, target: Target, body: RequestBody, asked: Asked): Sending {
  const to = { path: target.path, query: target.query, provider: wire.provider };
  if (body.plain === null) {
    const more = body.rest === 'to_come';
    return { ...to, bytes: body.raw, more, headers: more ? {} : { 'content-length': body.raw.length } };
  }
  const bytes = asked.body ?? body.plain;
  return { ...to, bytes, more: false, headers: { 'content-length': bytes.length, 'content-encoding': undefined } };
}

/**
 * The failed call whose request this is once more; each is repeated once, so that of equal requests sent at the same time every
 * one has its own. Bodies are large and most calls succeed, so digests are made late.
 */
function takeFailed({ failed }: Account, target: Target, body: RequestBody): string | null {
  if (failed.size === 0 || body.plain === null) return null;
  const digest = digestOf(target, body.plain);
  const calls = failed.get(digest) ?? [];
  const call = calls.shift() ?? null;
  if (calls.length === 0) failed.delete(digest);
  return call;
}

function rememberFailed({ failed }: Account, callId: string, target: Target, body: RequestBody): void {
  if (body.plain === null) return;
  const digest = digestOf(target, body.plain);
  const calls = failed.get(digest);
  if (calls === undefined) failed.set(digest, [callId]);
  else calls.push(callId);
}

function digestOf({ path }: Target, plain: Buffer): string {
  return `${path} ${hash('sha256', plain)}`;
}
