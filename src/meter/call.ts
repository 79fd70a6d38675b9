/** Handles one metered request, from receipt to record. */
import { hash, randomBytes } from 'node:crypto';
import { toRecordedCounts, toSeconds, type EventMetadata } from '../schema/index.ts';
import { admit, budgetCost, mayBeBilled, type BudgetRefusal } from './budget.ts';
import type { Estimate } from './estimates/estimator.ts';
import { toExchange } from './exchange.ts';
import { outcomeOf } from './ledger.ts';
import type { CallScope, RequestContext, Target } from './request-context.ts';
import { ResponseReader } from './response-reader.ts';
import { readBody, type RequestBody } from './transport/body.ts';
import { forward, type ForwardResult, type UpstreamRequest } from './transport/forward.ts';
import { sendUpstreamUnreachable, sendBudgetExceeded } from './transport/local-error.ts';
import type { MeteredWire, ParsedRequest, Usage } from './wires/wire.ts';

const UNPARSED_REQUEST: ParsedRequest = { model: null, stream: false, body: null, hideUsage: false };

/** The client disconnected before its request was complete, so nothing was forwarded. */
const NOT_FORWARDED: ForwardResult = {
  ending: 'request_aborted',
  status: null,
  requestId: null,
  contentType: null,
  firstByteAt: null,
  bytes: 0,
  error: null,
};

/** Never rejects. Records each call twice: when it starts and when it ends. */
export async function meterCall(context: RequestContext, wire: MeteredWire): Promise<void> {
  const { settings, scope, target, request } = context;
  const at = new Date();
  const startedAt = settings.now();
  const body = await readBody(request);
  const refusal = admit(settings.budgets);
  if (refusal !== null) return refuse(context, wire, refusal);

  const parsed = parse(context, wire, body);
  const facts = startFacts(context, wire, body, parsed);
  scope.ledger.callStarted(facts);

  const reader = new ResponseReader(wire, {
    hideUsage: parsed.hideUsage,
    recordBytes: settings.recorder?.maxBytes ?? 0,
    filter: settings.filter,
  });
  const sent = await send(context, wire, body, parsed, reader);
  const elapsedMs = settings.now() - startedAt;

  const { result } = sent;
  const response = reader.parsed();
  const outcome = outcomeOf(result, response);
  if (outcome !== 'ok') rememberFailed(scope, facts.call_id, target, body);
  if (result.ending !== 'request_aborted')
    recordExchange(context, wire, body.decoded === null ? null : sent.bytes, result, reader, elapsedMs);

  const estimate = mayBeBilled(result) ? await estimateMissing(context, body, reader, response.usage) : null;
  const priced = { requestModel: parsed.model, responseModel: response.model, usage: response.usage, at };
  const price = settings.prices.costOf(priced);
  const spending = budgetCost(result, { ...priced, nanoUsd: price.nanoUsd }, estimate, settings);
  for (const budget of settings.budgets) budget.end(spending);
  scope.ledger.callEnded(
    {
      ...facts,
      request_bytes: sent.requestBytes,
      outcome,
      status: result.status,
      'gen_ai.response.model': response.model,
      ...usageFacts(response.usage, estimate),
      provider_request_id: result.requestId,
      time_to_first_byte_seconds: result.firstByteAt === null ? null : toSeconds(result.firstByteAt - startedAt),
      duration_seconds: toSeconds(elapsedMs),
      response_bytes: result.bytes,
      cost_nano_usd: price.nanoUsd,
      price_source: price.source,
      estimate,
    },
    result.error ?? (response.error === null ? null : new Error(response.error)),
  );
}

function refuse({ scope, request, response, onBudgetExceeded }: RequestContext, wire: MeteredWire, refusal: BudgetRefusal): void {
  request.resume();
  scope.ledger.budgetRefused(refusal);
  sendBudgetExceeded(response, wire.provider, refusal);
  onBudgetExceeded(refusal);
}

function parse({ settings, target }: RequestContext, wire: MeteredWire, { decoded: plain }: RequestBody): ParsedRequest {
  const parsed = plain === null ? null : wire.parseRequest(plain, target.wirePath, settings.askStreamUsage);
  return parsed ?? UNPARSED_REQUEST;
}

/** The fields that a call's start and end records share. */
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
    request_bytes: body.rest === 'pending' ? Number(request.headers['content-length'] ?? received) : received,
    retry_of: takeFailed(scope, target, body),
    attribution,
    phase,
  };
}

// Once per process: random bytes for every call would cost a system call each.
const processId = randomBytes(6).toString('base64url');
let calls = 0;

/** Unique across processes, short, and in call order within one process: `mZkq81Aw-1f`. */
function nextCallId(): string {
  calls += 1;
  return `${processId}-${calls.toString(36)}`;
}

/** Forwards the request and relays the response. If the upstream sends no response, the client gets an error that says so. */
async function send(
  { settings, target, request, response }: RequestContext,
  wire: MeteredWire,
  body: RequestBody,
  parsed: ParsedRequest,
  reader: ResponseReader,
): Promise<{ readonly result: ForwardResult; readonly bytes: Buffer | null; readonly requestBytes: number }> {
  let requestBytes = body.raw.length;
  const outgoing = upstreamRequestFor(wire, target, body, parsed);
  if (body.rest === 'aborted') return { result: NOT_FORWARDED, bytes: outgoing.bytes, requestBytes };
  if (body.rest === 'pending') request.on('data', (chunk: Buffer) => void (requestBytes += chunk.length));
  const { upstream } = settings;
  const result = await forward(
    upstream,
    outgoing,
    request,
    response,
    (upstreamResponse) => reader.transformFor(upstreamResponse),
    settings.now,
  );
  if (result.ending === 'unreachable' || result.ending === 'no_response')
    sendUpstreamUnreachable(response, wire.provider, upstream.origin, result.error);
  return { result, bytes: outgoing.bytes, requestBytes };
}

/** The client's bytes, unless the wire changed the body or it was compressed. */
function upstreamRequestFor(wire: MeteredWire, target: Target, body: RequestBody, parsed: ParsedRequest): UpstreamRequest {
  const to = { path: target.path, query: target.query, provider: wire.provider };
  if (body.decoded === null) {
    const more = body.rest === 'pending';
    return { ...to, bytes: body.raw, pipeRest: more, headers: more ? {} : { 'content-length': body.raw.length } };
  }
  const bytes = parsed.body ?? body.decoded;
  return { ...to, bytes, pipeRest: false, headers: { 'content-length': bytes.length, 'content-encoding': undefined } };
}

/** @param sentBody the request without compression; null when it was not buffered */
function recordExchange(
  { settings: { recorder }, scope, target, request: { method = 'GET' } }: RequestContext,
  wire: MeteredWire,
  sentBody: Buffer | null,
  result: ForwardResult,
  reader: ResponseReader,
  durationMs: number,
): void {
  if (recorder === null) return;
  const { step, attempt } = scope;
  const { body: answer, streamed } = reader;
  const facts = { wire: wire.name, method, target, step, attempt, request: sentBody, answer, streamed, durationMs };
  scope.ledger.exchanged(recorder, toExchange(facts, result, recorder.maxBytes));
}

/** Estimates the counts that the provider did not report; null when it reported both, or there is no text to count. */
async function estimateMissing(
  { settings, target, request: { method = '' } }: RequestContext,
  { decoded: plain }: RequestBody,
  reader: ResponseReader,
  usage: Usage | null,
): Promise<Estimate | null> {
  const input = usage?.inputTokens ?? null;
  const output = usage?.outputTokens ?? null;
  if (input !== null && output !== null) return null;
  const body = input === null ? plain : null;
  const written = output === null ? reader.text() : null;
  return await settings.estimator.estimate({ method, path: target.wirePath, body, outputText: written });
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
 * The failed call that this request retries, or null. Each failed call is matched once, so that equal requests sent at the same
 * time each get their own. Bodies are large and most calls succeed, so digests are computed only after a failure.
 */
function takeFailed({ failed }: CallScope, target: Target, body: RequestBody): string | null {
  if (failed.size === 0 || body.decoded === null) return null;
  const digest = digestOf(target, body.decoded);
  const calls = failed.get(digest) ?? [];
  const call = calls.shift() ?? null;
  if (calls.length === 0) failed.delete(digest);
  return call;
}

function rememberFailed({ failed }: CallScope, callId: string, target: Target, body: RequestBody): void {
  if (body.decoded === null) return;
  const digest = digestOf(target, body.decoded);
  const calls = failed.get(digest);
  if (calls === undefined) failed.set(digest, [callId]);
  else calls.push(callId);
}

function digestOf({ path }: Target, plain: Buffer): string {
  return `${path} ${hash('sha256', plain)}`;
}
