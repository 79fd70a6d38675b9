/**
 * The metering proxy: one loopback server per process. The URL of a call tells which attempt it belongs to, never the clock:
 * `/<token>/r/<run>/s/<step>/a/<attempt>/…`, with `p/<phase>/` for a framework phase, and `/<token>/r/<run>/…` for a run.
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
  waitForCalls,
  openCallScope,
  type CallScope,
  type RequestContext,
  type RunSettings,
  type Target,
} from './request-context.ts';
import { openResponseFilter } from './response-reader.ts';
import { DUMMY_KEY } from './transport/headers.ts';
import { sendUnknownAddress, sendUpgradeRefused } from './transport/local-error.ts';
import { MAX_HEADER_BYTES, openConnectionPools, openUpstream } from './transport/upstream.ts';
import { wireOf } from './wires/table.ts';

/** How the calls of one run are forwarded and priced. */
export interface RunMeterOptions {
  /** Becomes part of the URLs. */
  readonly runId: string;
  /**
   * The provider's base URL including its version, and the real API key; null sends none. `askStreamUsage`: add the request for
   * usage to streams that lack it; default: true.
   */
  readonly upstream: { readonly baseUrl: string; readonly apiKey: string | null; readonly askStreamUsage?: boolean };
  /** What its calls cost; `unpriced` when nothing is charged. */
  readonly prices: PriceBook;
  /** The budgets that this run's calls are charged to; a budget may be shared with other runs. */
  readonly budgets?: readonly Budget[];
  /** Receives every exchange. Default: null. */
  readonly recorder?: ExchangeRecorder | null;
  /** False when nothing is charged, as in a rehearsal: limits on cost are then ignored. Default: true. */
  readonly priced?: boolean;
  /**
   * Fields to remove from the messages of chat completions before the client gets them, because they break the framework. The
   * ledger and the recorder still see them. `answers_changed` is recorded once, the first time a field is removed; with this
   * option, call `openRun` in the run's log scope.
   */
  readonly omitFromMessages?: readonly string[];
}

/** Where a framework reaches its model. */
export interface MeteredAddress {
  /** Ends in `/v1`: the base URL for clients of OpenAI. */
  readonly baseUrl: string;
  /** Without it: the base URL for clients of Anthropic and Gemini, which add `/v1` or `/v1beta` themselves. */
  readonly rootUrl: string;
  /** A dummy that is valid nowhere: the proxy replaces it with the real key. */
  readonly apiKey: string;
}

/** An address whose calls are attributed to a run, or to one attempt of it. */
export interface MeteredEndpoint extends MeteredAddress {
  /** Aborts when a budget refuses a call of this endpoint, or one attributed to its attempt. Its reason is a BudgetRefusal. */
  readonly budgetExceeded: AbortSignal;
  /**
   * Resolves when the calls in flight are recorded, or after two seconds. The URL stays valid, so that calls from a process that
   * outlives the attempt are still counted; their records are marked late.
   */
  close(): Promise<void>;
}

/** The address of one attempt. */
export interface MeteredAttempt extends MeteredEndpoint {
  /**
   * An address for one framework phase: its calls belong to the attempt, and their records name the phase.
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
   * For frameworks that keep running across steps; call it inside the run's log scope. A call belongs to the attempt that is open
   * when it arrives, otherwise to the run; its records say which of the two.
   */
  openRun(): MeteredEndpoint;
}

/** Ends all connections when disposed; calls still in flight are recorded as aborted. */
export interface Meter extends AsyncDisposable {
  /** Opens the proxy for one run. @throws StepwellError with UPSTREAM_URL_INVALID */
  openRun(options: RunMeterOptions): RunMeter;
}

interface MeteredRun {
  readonly settings: RunSettings;
  /** The attempt that is open, or null. */
  current: CallScope | null;
}

/** What the token in a URL refers to. */
interface Route {
  /** `/r/<run>/s/<step>/a/<attempt>`, the same with `/p/<phase>`, or `/r/<run>` */
  readonly prefix: string;
  readonly run: MeteredRun;
  readonly scope: CallScope;
  readonly level: 'attempt' | 'run';
  readonly phase: string | null;
}

/**
 * Starts the proxy on a free port of 127.0.0.1. One is enough for any number of runs. Dispose of it.
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
  const connections = openConnectionPools();
  const estimator = createEstimator();
  const routes = new Map<string, Route>();

  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => dispatch(routes, request, response));
  // Longer than clients keep idle connections, so that the proxy never closes one just as a client sends its next request.
  server.keepAliveTimeout = 120_000;
  // A framework may take any time to send a request.
  server.requestTimeout = 0;
  const port = await listenOnLoopback(server);

  const addAddress = (route: Route): MeteredAddress => {
    const token = randomBytes(16).toString('base64url');
    routes.set(token, route);
    const rootUrl = `http://127.0.0.1:${port}/${token}${route.prefix}`;
    return { baseUrl: `${rootUrl}/v1`, rootUrl, apiKey: DUMMY_KEY };
  };

  return {
    openRun({ runId, upstream, prices, budgets = [], recorder = null, priced = true, omitFromMessages = [] }) {
      const { baseUrl, apiKey, askStreamUsage = true } = upstream;
      const opened = openUpstream(baseUrl, apiKey, connections);
      const filter = openResponseFilter(omitFromMessages);
      const settings = { upstream: opened, askStreamUsage, prices, priced, budgets, recorder, estimator, filter, now };
      const run: MeteredRun = { settings, current: null };
      return {
        openAttempt(at) {
          const scope = openCallScope(at);
          run.current = scope;
          return endpointOf(run, runId, at, scope, addAddress);
        },
        openRun: () => endpointOf(run, runId, null, openCallScope(null), addAddress),
      };
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      const inFlight = (): Promise<void>[] => [...routes.values()].flatMap(({ scope }) => [...scope.inFlight]);
      await waitForCalls(inFlight());
      connections.close();
      await estimator.close();
      // Calls that were waiting for a token estimate are recorded without one.
      await waitForCalls(inFlight());
    },
  };
}

function endpointOf(
  run: MeteredRun,
  runId: string,
  at: { readonly step: number; readonly attempt: number } | null,
  scope: CallScope,
  addAddress: (route: Route) => MeteredAddress,
): MeteredAttempt {
  const routeFor = (phase: string | null): Route => {
    return { prefix: prefixOf(runId, at, phase), run, scope, level: at === null ? 'run' : 'attempt', phase };
  };
  return {
    ...addAddress(routeFor(null)),
    phaseAddress: (phase) => addAddress(routeFor(phase)),
    budgetExceeded: scope.budgetExceeded.signal,
    async close() {
      if (run.current === scope) run.current = null;
      await waitForCalls(scope.inFlight);
    },
  };
}

/** Finds the attempt or run that a request belongs to, and handles it. */
function dispatch(routes: ReadonlyMap<string, Route>, request: IncomingMessage, response: ServerResponse): void {
  const found = findRoute(routes, request.url ?? '');
  if (found === null) {
    sendUnknownAddress(request, response);
    return;
  }
  const { run, scope: routeScope, level, phase } = found.route;
  const scope = level === 'run' ? (run.current ?? routeScope) : routeScope;
  const attribution = level === 'attempt' ? 'url' : scope === routeScope ? 'run' : 'current_attempt';
  const onBudgetExceeded = (refusal: BudgetRefusal): void => {
    routeScope.budgetExceeded.abort(refusal);
    scope.budgetExceeded.abort(refusal);
  };
  const { settings } = run;
  const context = { settings, scope, attribution, phase, target: found.target, request, response, onBudgetExceeded } as const;
  // Neither forwarding nor recording rejects; a bug in them must not end the process, which runs experiments.
  const work = handle(context).catch(() => void response.destroy());
  scope.inFlight.add(work);
  void work.then(() => scope.inFlight.delete(work));
}

async function handle(context: RequestContext): Promise<void> {
  const { target, request, response, scope } = context;
  const protocol = request.headers.upgrade;
  // Without an upgrade listener, Node delivers upgrades as ordinary requests. Protocols other than this one, such as h2c, are
  // offers that a server may ignore.
  if (protocol !== undefined && protocol.toLowerCase() === 'websocket') {
    scope.ledger.upgradeRefused({ path: target.path, protocol: 'websocket' });
    sendUpgradeRefused(request, response, 'WebSocket');
    return;
  }
  const wire = wireOf(request.method ?? 'GET', target.wirePath);
  if (wire === null || wire.lookup) await passThrough(context, wire);
  else await meterCall(context, wire);
}

/** Such a name needs no escaping in URLs and fits into tables. */
const PHASE = /^[\w-]{1,64}$/;

/** @param phase of the attempt, if any */
function prefixOf(runId: string, at: { readonly step: number; readonly attempt: number } | null, phase: string | null): string {
  const run = `/r/${encodeURIComponent(runId)}`;
  if (at === null) return run;
  const attempt = `${run}/s/${at.step}/a/${at.attempt}`;
  if (phase === null) return attempt;
  if (!PHASE.test(phase))
    throw new TypeError(`A phase name consists of 1 to 64 letters, digits, - or _, not ${JSON.stringify(phase)}`);
  return `${attempt}/p/${phase}`;
}

/** `..` segments in any encoding: requests carry the real key, so none may leave the configured base path. */
const PATH_TRAVERSAL = /(^|\/|\\|%2f|%5c)(\.|%2e){2}(\/|\\|%2f|%5c|$)/i;

/** The request target may be an absolute URL, as sent to a forward proxy. */
const ORIGIN = /^https?:\/\/[^/?]*/i;

/** Resolves a request target, or null when its token or path is unknown. */
function findRoute(routes: ReadonlyMap<string, Route>, target: string): { route: Route; target: Target } | null {
  const url = target.startsWith('/') ? target : target.replace(ORIGIN, '');
  const queryAt = url.indexOf('?');
  const path = queryAt < 0 ? url : url.slice(0, queryAt);
  const slash = path.indexOf('/', 1);
  if (slash < 0) return null;
  const route = routes.get(path.slice(1, slash));
  if (route === undefined || !path.startsWith(route.prefix, slash)) return null;
  let rest = path.slice(slash + route.prefix.length);
  // Some clients probe the base URL itself.
  if (rest === '') rest = '/';
  if (!rest.startsWith('/')) return null;
  // A base URL that ends in a slash yields two; the upstream may treat them as one, so the meter must as well.
  if (rest.includes('//')) rest = rest.replace(/\/{2,}/g, '/');
  if (PATH_TRAVERSAL.test(rest)) return null;
  const wirePath = rest.endsWith('/') ? rest.slice(0, -1) : rest;
  return { route, target: { path: rest, wirePath, query: queryAt < 0 ? '' : url.slice(queryAt) } };
}
