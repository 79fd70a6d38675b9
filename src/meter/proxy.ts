/** The metering proxy: one loopback server per process. Which attempt a call belongs to is told by its URL, never by the clock. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { meterCall, type Account, type Meters, type Target } from './call.ts';
import { openLedger } from './ledger.ts';
import type { Prices } from './price.ts';
import { connectUpstream, forward } from './upstream.ts';
import { openAiError } from './wire.ts';
import { wireOf } from './wires.ts';

interface MeterOptions {
  /** The provider's base URL with its `/v1`, and the real key; null sends none. */
  readonly upstream: { readonly baseUrl: string; readonly apiKey: string | null };
  /** Price per model name; a model that is not in it costs null. */
  readonly prices: Prices;
  /** Milliseconds on a monotonic clock. */
  readonly now?: () => number;
}

/** Where one attempt reaches the model. */
export interface MeteredEndpoint {
  readonly baseUrl: string;
  /** Worth nothing anywhere: the proxy puts the real key in. */
  readonly apiKey: string;
  /**
   * Resolves when the calls in flight are recorded, after two seconds at the latest. The URL stays valid, so that a call
   * of a process that outlives the attempt is still counted; its records are marked late.
   */
  close(): Promise<void>;
}

/** Ends all connections when disposed; calls still in flight are recorded as aborted. */
export interface Meter extends AsyncDisposable {
  /** Call it inside the step's log scope: the ledger of the attempt is written there. */
  open(attempt: { runId: string; step: number; attempt: number }): MeteredEndpoint;
}

interface Attempt extends Account {
  /** `/r/<run>/s/<step>/a/<attempt>/v1` */
  readonly prefix: string;
  readonly inFlight: Set<Promise<void>>;
}

const DUMMY_KEY = 'stepwell-metered';
const CLOSE_LIMIT_MS = 2_000;

/**
 * Starts the proxy on a free port of 127.0.0.1.
 *
 * @throws UPSTREAM_URL_INVALID
 * @example
 * await using meter = await startMeter({ upstream: { baseUrl: 'https://api.openai.com/v1', apiKey }, prices: {} });
 * const endpoint = meter.open({ runId, step: 1, attempt: 1 });
 */
export async function startMeter(options: MeterOptions): Promise<Meter> {
  const upstream = connectUpstream(options.upstream.baseUrl, options.upstream.apiKey);
  const meters: Meters = { upstream, prices: options.prices, now: options.now ?? (() => performance.now()) };
  const attempts = new Map<string, Attempt>();

  const server = createServer((request, response) => {
    const found = findAttempt(attempts, request.url ?? '');
    if (found === null) {
      refuse(request, response);
      return;
    }
    // Neither forwarding nor recording rejects; a defect in them must not end the process, which runs experiments.
    const work = handle(meters, found.attempt, found.target, request, response).catch(() => void response.destroy());
    found.attempt.inFlight.add(work);
    void work.then(() => found.attempt.inFlight.delete(work));
  });
  // Longer than clients keep theirs: whoever closes an idle connection first may close it under the other's next request.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    open({ runId, step, attempt }) {
      const token = randomBytes(16).toString('base64url');
      const prefix = `/r/${encodeURIComponent(runId)}/s/${step}/a/${attempt}/v1`;
      const opened: Attempt = { prefix, ledger: openLedger(), failed: new Map(), inFlight: new Set() };
      attempts.set(token, opened);
      return {
        baseUrl: `http://127.0.0.1:${port}/${token}${prefix}`,
        apiKey: DUMMY_KEY,
        close: () => settled(opened.inFlight),
      };
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await settled([...attempts.values()].flatMap(({ inFlight }) => [...inFlight]));
      upstream.close();
    },
  };
}

function findAttempt(attempts: Map<string, Attempt>, url: string): { attempt: Attempt; target: Target } | null {
  const cut = url.indexOf('?');
  const path = cut < 0 ? url : url.slice(0, cut);
  const slash = path.indexOf('/', 1);
  const attempt = attempts.get(path.slice(1, slash < 0 ? undefined : slash));
  if (attempt === undefined || slash < 0) return null;
  const rest = path.slice(slash);
  if (!rest.startsWith(`${attempt.prefix}/`)) return null;
  // A base URL with a slash at its end makes two of them; the upstream may take them for one, so the meter must as well.
  const inner = rest.slice(attempt.prefix.length).replace(/\/{2,}/g, '/');
  // The real key goes along, so a request must not climb out of the configured base path, however the upstream reads it.
  if (/(^|\/|\\|%2f|%5c)(\.|%2e){2}(\/|\\|%2f|%5c|$)/i.test(inner)) return null;
  return { attempt, target: { path: inner, query: cut < 0 ? '' : url.slice(cut) } };
}

async function handle(
  meters: Meters,
  attempt: Attempt,
  target: Target,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? 'GET';
  const wire = wireOf(method, target.path.replace(/\/$/, ''));
  if (wire !== null) {
    await meterCall(meters, attempt, wire, target, request, response);
    return;
  }
  // Node frames a body by itself only for methods that usually have one.
  const framing = request.headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' };
  const sending = { bytes: Buffer.alloc(0), more: true, headers: framing };
  const path = target.path + target.query;
  const done = await forward(meters.upstream, request, path, sending, response, () => null, meters.now);
  if (done.ending === 'unreachable') {
    const message = `stepwell's metering proxy got no answer from ${meters.upstream.origin}`;
    answer(response, 502, openAiError('upstream_error', 'upstream_unreachable', message));
  }
  attempt.ledger.unmetered({ method, path: target.path, status: done.status });
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const message =
    'This address belongs to no attempt that stepwell knows. Use the base URL given to the framework, with its token and /v1, as it is.';
  answer(response, 404, openAiError('invalid_request_error', 'unknown_attempt', message));
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

async function settled(work: Iterable<Promise<void>>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_LIMIT_MS);
  });
  await Promise.race([Promise.allSettled(work), limit]);
  clearTimeout(timer);
}
