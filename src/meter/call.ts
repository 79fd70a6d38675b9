/** One metered request, from its arrival to its record. */
import { hash, randomBytes } from 'node:crypto';
import { toRecordedCounts, toSeconds, type EventMetadata } from '../schema/index.ts';
import { admit, costForBudgets, mayHaveUsed, type BudgetRefusal } from './budget.ts';
import type { Estimate } from './estimates/estimator.ts';
import { exchangeOf } from './exchange.ts';
import { outcomeOf } from './ledger.ts';
import type { CallScope, RequestContext, Target } from './request-context.ts';
import { ResponseReader } from './response-reader.ts';
import { readBody, type RequestBody } from './transport/body.ts';
import { forward, type Forwarded, type Sending } from './transport/forward.ts';
import { answerUnreachable, refuseForBudget } from './transport/local-error.ts';
import type { MeteredWire, ParsedRequest, Usage } from './wires/wire.ts';

const NOTHING_PARSED: ParsedRequest = { model: null, stream: false, body: null, hideUsage: false };

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
export async function meterCall(context: RequestContext, wire: MeteredWire): Promise<void> {
  const { settings, scope, target, request } = context;
  const at = new Date();
  const began = settings.now();
  const body = await readBody(request);
  const refusal = admit(settings.budgets);
  if (refusal !== null) return refuse(context, wire, refusal);

  const parsed = parse(context, wire, body);
  const facts = startFacts(context, wire, body, parsed);
  scope.ledger.callStarted(facts);

  const reader = new ResponseReader(wire, {
    hideUsage: parsed.hideUsage,
    recorded: settings.recorder?.maxBytes ?? 0,
    filter: settings.filter,
  });
  const sent = await send(context, wire, body, parsed, reader);
  const took = settings.now() - began;

  const { done } = sent;
  const response = reader.parsed();
  const outcome = outcomeOf(done, response);
  if (outcome !== 'ok') rememberFailed(scope, facts.call_id, target, body);
  if (done.ending !== 'lost') tellRecorder(context, wire, body.plain === null ? null : sent.bytes, done, reader, took);

  const estimate = mayHaveUsed(done) ? await estimateMissing(context, body, reader, response.usage) : null;
  const priced = { asked: parsed.model, answered: response.model, usage: response.usage, at };
  const cost = settings.prices.costOf(priced);
  const spent = costForBudgets(done, { ...priced, nanoUsd: cost.nanoUsd }, estimate, settings);
  for (const budget of settings.budgets) budget.end(spent);
  scope.ledger.callEnded(
    {
      ...facts,
      request_bytes: sent.requestBytes,
      outcome,
      status: done.status,
      'gen_ai.response.model': response.model,
      ...usageFacts(response.usage, estimate),
      provider_request_id: done.requestId,
      time_to_first_byte_seconds: done.firstByteAt === null ? null : toSeconds(done.firstByteAt - began),
      duration_seconds: toSeconds(took),
      response_bytes: done.bytes,
      cost_nano_usd: cost.nanoUsd,
      price_source: cost.source,
      estimate,
    },
    done.error ?? (response.error === null ? null : new Error(response.error)),
  );
}

function refuse({ scope, request, response, exceeded }: RequestContext, wire: MeteredWire, refusal: BudgetRefusal): void {
  request.resume();
  scope.ledger.budgetRefused(refusal);
  refuseForBudget(response, wire.provider, refusal);
  exceeded(refusal);
}

function parse({ settings, target }: RequestContext, wire: MeteredWire, { plain }: RequestBody): ParsedRequest {
  const parsed = plain === null ? null : wire.readRequest(plain, target.known, settings.askStreamUsage);
  return parsed ?? NOTHING_PARSED;
}

/** What the records of a call's start and end have in common. */
function startFacts(
  { scope, target, request, attribution, phase }: RequestContext,
  wire: MeteredWire,
  body: RequestBody,
  parsed: ParsedRequest,
): EventMetadata<'llm_call_start'> {
  const received = body.raw.length;
  return {
    call_id: nextCallId(),
    wire: wire.name,
    path: target.path,
    'gen_ai.request.model': parsed.model,
    'gen_ai.request.stream': parsed.stream,
    request_bytes: body.rest === 'to_come' ? Number(request.headers['content-length'] ?? received) : received,
    retry_of: takeFailed(scope, target, body),
    attribution,
    phase,
  };
}

// Random bytes for each call would be a system call each.
const processId = randomBytes(6).toString('base64url');
let calls = 0;

/** Unique among all processes, short, and in the order of the calls within one: `mZkq81Aw-1f`. */
function nextCallId(): string {
  calls += 1;
  return `${processId}-${calls.toString(36)}`;
}

/** Sends the request and passes its answer on; an upstream that gives none is told to the client. */
async function send(
  { settings, target, request, response }: RequestContext,
  wire: MeteredWire,
  body: RequestBody,
  parsed: ParsedRequest,
  reader: ResponseReader,
): Promise<{ readonly done: Forwarded; readonly bytes: Buffer | null; readonly requestBytes: number }> {
  let requestBytes = body.raw.length;
  const sending = sendingOf(wire, target, body, parsed);
  if (body.rest === 'lost') return { done: NOT_FORWARDED, bytes: sending.bytes, requestBytes };
  if (body.rest === 'to_come') request.on('data', (chunk: Buffer) => void (requestBytes += chunk.length));
  const { upstream } = settings;
  const done = await forward(upstream, sending, request, response, (answer) => reader.tapOf(answer), settings.now);
  if (done.ending === 'unreachable' || done.ending === 'unanswered')
    answerUnreachable(response, wire.provider, upstream.origin, done.error);
  return { done, bytes: sending.bytes, requestBytes };
}

/** The client's bytes unless the wire or the compression asks for others. */
function sendingOf(wire: MeteredWire, target: Target, body: RequestBody, parsed: ParsedRequest): Sending {
  const to = { path: target.path, query: target.query, provider: wire.provider };
  if (body.plain === null) {
    const more = body.rest === 'to_come';
    return { ...to, bytes: body.raw, more, headers: more ? {} : { 'content-length': body.raw.length } };
  }
  const bytes = parsed.body ?? body.plain;
  return { ...to, bytes, more: false, headers: { 'content-length': bytes.length, 'content-encoding': undefined } };
}

/** @param sent the request, without compression; null when it was not held */
function tellRecorder(
  { settings: { recorder }, scope, target, request: { method = 'GET' } }: RequestContext,
  wire: MeteredWire,
  sent: Buffer | null,
  done: Forwarded,
  reader: ResponseReader,
  durationMs: number,
): void {
  if (recorder === null) return;
  const { step, attempt } = scope;
  const { body: answer, streamed } = reader;
  const facts = { wire: wire.name, method, target, step, attempt, request: sent, answer, streamed, durationMs };
  scope.ledger.exchanged(recorder, exchangeOf(facts, done, recorder.maxBytes));
}

/** Of what the provider has not stated; null when it has stated all, or there is nothing to count. */
async function estimateMissing(
  { settings, target, request: { method = '' } }: RequestContext,
  { plain }: RequestBody,
  reader: ResponseReader,
  usage: Usage | null,
): Promise<Estimate | null> {
  const input = usage?.inputTokens ?? null;
  const output = usage?.outputTokens ?? null;
  if (input !== null && output !== null) return null;
  const body = input === null ? plain : null;
  const written = output === null ? reader.text() : null;
  return await settings.estimator.estimate({ method, path: target.known, body, written });
}

function usageFacts(usage: Usage | null, estimate: Estimate | null) {
  const stated = usage !== null && (usage.inputTokens !== null || usage.outputTokens !== null);
  return {
    ...toRecordedCounts(usage),
    usage_source: stated ? 'provider' : estimate === null ? 'none' : 'estimate',
    usage_raw: usage?.raw ?? null,
  } as const;
}

/**
 * The failed call whose request this is once more; each is repeated once, so that of equal requests sent at the same time every
 * one has its own. Bodies are large and most calls succeed, so digests are made late.
 */
function takeFailed({ failed }: CallScope, target: Target, body: RequestBody): string | null {
  if (failed.size === 0 || body.plain === null) return null;
  const digest = digestOf(target, body.plain);
  const calls = failed.get(digest) ?? [];
  const call = calls.shift() ?? null;
  if (calls.length === 0) failed.delete(digest);
  return call;
}

function rememberFailed({ failed }: CallScope, callId: string, target: Target, body: RequestBody): void {
  if (body.plain === null) return;
  const digest = digestOf(target, body.plain);
  const calls = failed.get(digest);
  if (calls === undefined) failed.set(digest, [callId]);
  else calls.push(callId);
}

function digestOf({ path }: Target, plain: Buffer): string {
  return `${path} ${hash('sha256', plain)}`;
}
