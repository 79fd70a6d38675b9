/** One metered request, from its arrival to its record. */
import { hash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { toSeconds, type EventMetadata } from '../schema.ts';
import { MAX_BUFFERED, readBody, type RequestBody } from './body.ts';
import type { Ledger } from './ledger.ts';
import { costOf, type Prices } from './price.ts';
import { EventSplitter } from './sse.ts';
import { forward, type Forwarded, type Sending, type Tap, type Upstream } from './upstream.ts';
import { openAiError, type Answered, type Asked, type Wire } from './wire.ts';

export interface Meters {
  readonly upstream: Upstream;
  readonly prices: Prices;
  /** Milliseconds on a clock that never runs backwards. */
  readonly now: () => number;
}

export interface Account {
  readonly ledger: Ledger;
  /** Digest of a request whose last call failed → that call, so that sending it again is seen. */
  readonly failed: Map<string, string>;
}

export interface Target {
  /** What follows `/v1`, without the query. */
  readonly path: string;
  readonly query: string;
}

type Outcome = EventMetadata<'llm_call'>['outcome'];

const NOTHING_ASKED: Asked = { model: null, stream: false, body: null, hideUsage: false };
const nothingAnswered = (): Answered => ({ model: null, usage: null, closed: false, error: null });

/** A client that left before its request was whole: there was nothing to send on. */
const NOT_FORWARDED: Forwarded = {
  ending: 'client_gone',
  status: null,
  requestId: null,
  firstByteAt: null,
  bytes: 0,
  error: null,
};

/** Never rejects, and records each call when it begins and when it has ended. */
export async function meterCall(
  meters: Meters,
  account: Account,
  wire: Wire,
  target: Target,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const began = meters.now();
  const body = await readBody(request);
  const asked = (body.plain === null ? null : wire.readRequest(body.plain)) ?? NOTHING_ASKED;
  const digest = body.plain === null ? null : `${target.path} ${hash('sha256', body.plain)}`;
  const common = {
    call_id: randomBytes(9).toString('base64url'),
    wire: wire.name,
    path: target.path,
    'gen_ai.request.model': asked.model,
    'gen_ai.request.stream': asked.stream,
    request_bytes: body.rest === 'to_come' ? Number(request.headers['content-length'] ?? body.raw.length) : body.raw.length,
    attribution: 'url' as const,
    retry_of: (digest === null ? null : account.failed.get(digest)) ?? null,
  };
  account.ledger.callStarted(common);

  const reading = readingOf(wire, asked);
  const sending = sendingOf(body, asked);
  const path = target.path + target.query;
  const done =
    body.rest === 'lost'
      ? NOT_FORWARDED
      : await forward(meters.upstream, request, path, sending, response, reading.tapOf, meters.now);
  if (done.ending === 'unreachable') answerUnreachable(response, meters.upstream, done.error);

  const answered = reading.answered();
  const outcome = outcomeOf(done, answered);
  if (digest !== null) {
    if (outcome === 'ok') account.failed.delete(digest);
    else account.failed.set(digest, common.call_id);
  }
  const { usage } = answered;
  const cost = costOf(meters.prices, asked.model, answered.model, usage);
  account.ledger.callEnded(
    {
      ...common,
      outcome,
      status: done.status,
      'gen_ai.response.model': answered.model,
      'gen_ai.usage.input_tokens': usage?.input ?? null,
      'gen_ai.usage.output_tokens': usage?.output ?? null,
      'gen_ai.usage.cache_read.input_tokens': usage?.cacheRead ?? null,
      'gen_ai.usage.cache_write.input_tokens': usage?.cacheWrite ?? null,
      'gen_ai.usage.reasoning.output_tokens': usage?.reasoning ?? null,
      usage_source: usage === null || (usage.input === null && usage.output === null) ? 'none' : 'provider',
      usage_raw: usage?.raw ?? null,
      provider_request_id: done.requestId,
      time_to_first_byte_seconds: done.firstByteAt === null ? null : toSeconds(done.firstByteAt - began),
      duration_seconds: toSeconds(meters.now() - began),
      response_bytes: done.bytes,
      cost_nano_usd: cost.nanoUsd,
      price_source: cost.source,
      estimate: null,
    },
    done.error ?? (answered.error === null ? null : new Error(answered.error)),
  );
}

/** The client's bytes unless the wire or the compression asks for others. */
function sendingOf(body: RequestBody, asked: Asked): Sending {
  if (body.plain === null) {
    const more = body.rest === 'to_come';
    return { bytes: body.raw, more, headers: more ? {} : { 'content-length': body.raw.length } };
  }
  const bytes = asked.body ?? body.plain;
  return { bytes, more: false, headers: { 'content-length': bytes.length, 'content-encoding': undefined } };
}

interface Reading {
  readonly tapOf: (answer: IncomingMessage) => Tap;
  readonly answered: () => Answered;
}

function readingOf(wire: Wire, asked: Asked): Reading {
  let answered = nothingAnswered;
  return {
    answered: () => answered(),
    tapOf(answer) {
      if ((answer.headers['content-type'] ?? '').includes('text/event-stream')) {
        const events = new EventSplitter();
        const reader = wire.readStream(asked.hideUsage);
        answered = reader.answered;
        return {
          rewrites: asked.hideUsage,
          push: (chunk) => events.push(chunk).filter((event) => reader.read(event)),
          end: () => [events.end()].filter((rest) => rest.length > 0 && reader.read(Buffer.concat([rest, Buffer.from('\n\n')]))),
        };
      }
      const chunks: Buffer[] = [];
      let size = 0;
      return {
        rewrites: false,
        push(chunk) {
          size += chunk.length;
          if (size <= MAX_BUFFERED) chunks.push(chunk);
          return [chunk];
        },
        end() {
          const read = size <= MAX_BUFFERED ? wire.readAnswer(Buffer.concat(chunks)) : { ...nothingAnswered(), closed: true };
          answered = () => read;
          return [];
        },
      };
    },
  };
}

function outcomeOf(done: Forwarded, answered: Answered): Outcome {
  const good = done.status !== null && done.status >= 200 && done.status < 300;
  const spoken = answered.error === null ? null : 'upstream_error';
  switch (done.ending) {
    case 'unreachable':
      return 'upstream_error';
    case 'client_gone':
      // Some clients hang up as soon as they have seen the closing mark.
      return spoken ?? (good && answered.closed ? 'ok' : 'client_aborted');
    case 'cut':
      return spoken ?? (good && answered.closed ? 'ok' : 'truncated');
    case 'whole':
      if (!good) return 'http_error';
      // Not every provider ends its streams with a mark; usage, too, comes last.
      return spoken ?? (answered.closed || answered.usage !== null ? 'ok' : 'truncated');
    default:
      return done.ending satisfies never;
  }
}

function answerUnreachable(response: ServerResponse, upstream: Upstream, error: Error | null): void {
  const cause = error === null ? 'unknown reason' : ((error as NodeJS.ErrnoException).code ?? error.message);
  const message = `stepwell's metering proxy got no answer from ${upstream.origin}: ${cause}`;
  const body = openAiError('upstream_error', 'upstream_unreachable', message);
  response.writeHead(502, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
