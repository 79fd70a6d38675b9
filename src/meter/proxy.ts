/**
 * The metering proxy: one loopback server per process. Which attempt a call belongs to is told by its URL, never by the clock:
 * `/<token>/r/<run>/s/<step>/a/<attempt>/…`, with `p/<phase>/` for a phase of it, and `/<token>/r/<run>/…` for a run.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from '../loopback/index.ts';
import type { Budget, BudgetRefusal } from './budget.ts';
import { meterCall } from './call.ts';
import { createEstimator } from './estimates/estimator.ts';
import type { ExchangeRecorder } from './exchange.ts';
import { passThrough } from './passthrough.ts';
import type { PriceBook } from './pricing/prices.ts';
import {
  callsEnded,
  openCallScope,
  type CallScope,
  type RequestContext,
  type RunSettings,
  type Target,
} from './request-context.ts';
import { openResponseFilter } from './response-reader.ts';
import { DUMMY_KEY } from './transport/headers.ts';
import { refuseAddress, refuseUpgrade } from './transport/local-error.ts';
import { MAX_HEAD_BYTES, openConnections, openUpstream } from './transport/upstream.ts';
import { wireOf } from './wires/table.ts';

export interface RunMeterOptions {
  readonly runId: string;
  /**
   * The provider's base URL with its version, and the real key; null sends none. `askStreamUsage`: streams that do not ask for
   * their usage are made to; default: true.
   */
  readonly upstream: { readonly baseUrl: string; readonly apiKey: string | null; readonly askStreamUsage?: boolean };
  readonly prices: PriceBook;
  /** Where this run's calls count; a budget may be shared with other runs. */
  readonly budgets?: readonly Budget[];
  /** Is told of every exchange. */
  readonly recorder?: ExchangeRecorder | null;
  /** False where nothing is charged, as in a rehearsal: limits on cost then do not count. Default: true. */
  readonly priced?: boolean;
  /**
   * Members that are taken out of the messages of chat completions before the client gets them. Nobody else sees answers without them;
   * `answers_changed` is recorded once, where it happens for the first time. Call `openRun` in the run's log scope then.
   */
  readonly omitFromMessages?: readonly string[];
}

/** Where a framework reaches its model. */
export interface MeteredAddress {
  /** Ends in `/v1`: the base URL for clients of OpenAI. */
  readonly baseUrl: string;
  /** Without it: the base URL for clients of Anthropic and Gemini, which add `/v1` or `/v1beta` themselves. */
  readonly rootUrl: string;
  /** Worth nothing anywhere: the proxy puts the real key in. */
  readonly apiKey: string;
}

export interface MeteredEndpoint extends MeteredAddress {
  /** Aborts when a call of this endpoint, or one attributed to its attempt, was refused for a budget. Its reason is a BudgetRefusal. */
  readonly budgetExceeded: AbortSignal;
  /**
   * Resolves when the calls in flight are recorded, after two seconds at the latest. The URL stays valid, so that a call
   * of a process that outlives the attempt is still counted; its records are marked late.
   */
  close(): Promise<void>;
}

export interface MeteredAttempt extends MeteredEndpoint {
  /**
   * For one phase of the attempt: calls to it are the attempt's, and their records name the phase.
   *
   * @param phase 1 to 64 letters, digits, `-` or `_`
   */
  phaseAddress(phase: string): MeteredAddress;
}

/** The proxy as one run uses it. */
export interface RunMeter {
  /** Call it inside the attempt's log scope: its records are written there. */
  openAttempt(at: { readonly step: number; readonly attempt: number }): MeteredAttempt;
  /**
   * For frameworks that live across steps; call it inside the run's log scope. A call belongs to the attempt that is open when it
   * arrives, else to the run; its records say which of the two.
   */
  openRun(): MeteredEndpoint;
}

/** Ends all connections when disposed; calls still in flight are recorded as aborted. */
export interface Meter extends AsyncDisposable {
  /** @throws UPSTREAM_URL_INVALID */
  openRun(options: RunMeterOptions): RunMeter;
}

interface MeteredRun {
  readonly settings: RunSettings;
  /** The attempt that is open. */
  current: CallScope | null;
}

/** What belongs to one token. */
interface Place {
  /** `/r/<run>/s/<step>/a/<attempt>`, the same with `/p/<phase>`, or `/r/<run>` */
  readonly prefix: string;
  readonly run: MeteredRun;
  readonly scope: CallScope;
  readonly level: 'attempt' | 'run';
  readonly phase: string | null;
}

/**
 * Starts the proxy on a free port of 127.0.0.1.
 *
 * @param options.now milliseconds on a monotonic clock
 * @example
 * await using meter = await startMeter();
 * const prices = await loadPrices({ overrides: {}, baseUrl });
 * const run = meter.openRun({ runId, upstream: { baseUrl, apiKey }, prices });
 * const endpoint = run.openAttempt({ step: 1, attempt: 1 });
 */
export async function startMeter(options: { readonly now?: () => number } = {}): Promise<Meter> {
  const now = options.now ?? (() => performance.now());
  const connections = openConnections();
  const estimator = createEstimator();
  const places = new Map<string, Place>();

  const server = createServer({ maxHeaderSize: MAX_HEAD_BYTES }, (request, response) => route(places, request, response));
  // Longer than clients keep theirs: whoever closes an idle connection first may close it under the other's next request.
  server.keepAliveTimeout = 120_000;
  // A request may take as long as its framework takes to send it.
  server.requestTimeout = 0;
  const port = await listenOnLoopback(server);

  const addressOf = (place: Place): MeteredAddress => {
    const token = randomBytes(16).toString('base64url');
    places.set(token, place);
    const rootUrl = `http://127.0.0.1:${port}/${token}${place.prefix}`;
    return { baseUrl: `${rootUrl}/v1`, rootUrl, apiKey: DUMMY_KEY };
  };

  return {
    openRun({ runId, upstream, prices, budgets = [], recorder = null, priced = true, omitFromMessages = [] }) {
      const { baseUrl, apiKey, askStreamUsage = true } = upstream;
      const to = openUpstream(baseUrl, apiKey, connections);
      const filter = openResponseFilter(omitFromMessages);
      const settings = { upstream: to, askStreamUsage, prices, priced, budgets, recorder, estimator, filter, now };
      const run: MeteredRun = { settings, current: null };
      return {
        openAttempt(at) {
          const scope = openCallScope(at);
          run.current = scope;
          return endpointOf(run, runId, at, scope, addressOf);
        },
        openRun: () => endpointOf(run, runId, null, openCallScope(null), addressOf),
      };
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      const inFlight = (): Promise<void>[] => [...places.values()].flatMap(({ scope }) => [...scope.inFlight]);
      await callsEnded(inFlight());
      connections.close();
      await estimator.close();
      // Calls that were waiting for an estimate are recorded without one.
      await callsEnded(inFlight());
    },
  };
}

function endpointOf(
  run: MeteredRun,
  runId: string,
  at: { readonly step: number; readonly attempt: number } | null,
  scope: CallScope,
  addressOf: (place: Place) => MeteredAddress,
): MeteredAttempt {
  const placeOf = (phase: string | null): Place => {
    return { prefix: prefixOf(runId, at, phase), run, scope, level: at === null ? 'run' : 'attempt', phase };
  };
  return {
    ...addressOf(placeOf(null)),
    phaseAddress: (phase) => addressOf(placeOf(phase)),
    budgetExceeded: scope.exceeded.signal,
    async close() {
      if (run.current === scope) run.current = null;
      await callsEnded(scope.inFlight);
    },
  };
}

/** Finds whose request it is and has it answered. */
function route(places: ReadonlyMap<string, Place>, request: IncomingMessage, response: ServerResponse): void {
  const found = findPlace(places, request.url ?? '');
  if (found === null) {
    refuseAddress(request, response);
    return;
  }
  const { run, scope: own, level, phase } = found.place;
  const scope = level === 'run' ? (run.current ?? own) : own;
  const attribution = level === 'attempt' ? 'url' : scope === own ? 'run' : 'current_attempt';
  const exceeded = (refusal: BudgetRefusal): void => {
    own.exceeded.abort(refusal);
    scope.exceeded.abort(refusal);
  };
  const { settings } = run;
  const context = { settings, scope, attribution, phase, target: found.target, request, response, exceeded } as const;
  // Neither forwarding nor recording rejects; a defect in them must not end the process, which runs experiments.
  const work = handle(context).catch(() => void response.destroy());
  scope.inFlight.add(work);
  void work.then(() => scope.inFlight.delete(work));
}

async function handle(context: RequestContext): Promise<void> {
  const { target, request, response, scope } = context;
  const protocol = request.headers.upgrade;
  // Without a listener for upgrades Node hands them over as ordinary requests. Other protocols than this are offers, such as
  // h2c, that a server may leave unanswered.
  if (protocol !== undefined && protocol.toLowerCase() === 'websocket') {
    scope.ledger.upgradeRefused({ path: target.path, protocol: 'websocket' });
    refuseUpgrade(request, response, 'WebSocket');
    return;
  }
  const wire = wireOf(request.method ?? 'GET', target.known);
  if (wire === null || wire.lookup) await passThrough(context, wire);
  else await meterCall(context, wire);
}

/** Such a name stands in an address as it is, and in tables. */
const PHASE = /^[\w-]{1,64}$/;

/** @param phase of the attempt, if any */
function prefixOf(runId: string, at: { readonly step: number; readonly attempt: number } | null, phase: string | null): string {
  const run = `/r/${encodeURIComponent(runId)}`;
  if (at === null) return run;
  const attempt = `${run}/s/${at.step}/a/${at.attempt}`;
  if (phase === null) return attempt;
  if (!PHASE.test(phase))
    throw new TypeError(`A phase is called by 1 to 64 letters, digits, - or _, not ${JSON.stringify(phase)}`);
  return `${attempt}/p/${phase}`;
}

/** Segments that climb, however an upstream reads them: the real key goes along, so none may leave the configured base path. */
const CLIMBS = /(^|\/|\\|%2f|%5c)(\.|%2e){2}(\/|\\|%2f|%5c|$)/i;

/** As clients of a forward proxy write a request's target. */
const ORIGIN = /^https?:\/\/[^/?]*/i;

/** What a request's target means, or null when it belongs to no place that is known. */
function findPlace(places: ReadonlyMap<string, Place>, target: string): { place: Place; target: Target } | null {
  const url = target.startsWith('/') ? target : target.replace(ORIGIN, '');
  const cut = url.indexOf('?');
  const path = cut < 0 ? url : url.slice(0, cut);
  const slash = path.indexOf('/', 1);
  if (slash < 0) return null;
  const place = places.get(path.slice(1, slash));
  if (place === undefined || !path.startsWith(place.prefix, slash)) return null;
  let inner = path.slice(slash + place.prefix.length);
  // Some clients look whether anybody is at their base URL.
  if (inner === '') inner = '/';
  if (!inner.startsWith('/')) return null;
  // A base URL with a slash at its end makes two of them; the upstream may take them for one, so the meter must as well.
  if (inner.includes('//')) inner = inner.replace(/\/{2,}/g, '/');
  if (CLIMBS.test(inner)) return null;
  const known = inner.endsWith('/') ? inner.slice(0, -1) : inner;
  return { place, target: { path: inner, known, query: cut < 0 ? '' : url.slice(cut) } };
}
