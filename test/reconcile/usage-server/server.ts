/**
 * A provider's usage and costs API on loopback, on simulated time. It is a real HTTP server: a command in a child process can
 * ask it while the test records calls and moves the clock.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerAnthropic } from './anthropic.ts';
import { Book, type BookedCall, type Revision } from './book.ts';
import { answerOpenai, type Shape } from './openai.ts';
import { Refusal } from './parameters.ts';

export type { BookedCall, Revision } from './book.ts';

type Report = 'completions' | 'embeddings' | 'costs' | 'messages' | 'cost_report';

/** In place of the right answer. `times`: how often, default once. `report`: to which question alone; default: any. */
export type Fault = { readonly times?: number; readonly report?: Report } & (
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Record<string, string>; readonly message?: string }
  /** This body with status 200, or the one given. */
  | { readonly kind: 'body'; readonly body: string; readonly status?: number; readonly type?: string }
  /** The right answer's first half, then the connection breaks. */
  | { readonly kind: 'cut' }
  /** The connection breaks before anything is answered. */
  | { readonly kind: 'reset' }
  /** No answer as long as the client waits. */
  | { readonly kind: 'silence' }
  /** The right answer, whose cursor leads to the same page again. */
  | { readonly kind: 'loop' }
  /** Empty pages, each with a new cursor. */
  | { readonly kind: 'endless' }
  | { readonly kind: 'redirect'; readonly to: string }
);

export interface SeenRequest {
  readonly report: Report | null;
  readonly path: string;
  readonly parameters: Record<string, string[]>;
  readonly headers: IncomingMessage['headers'];
  readonly status: number | null;
}

export interface UsageServerOptions extends Partial<Shape> {
  readonly provider: 'openai' | 'anthropic';
  /** The one key that may read usage; default: one of the provider's shape. */
  readonly adminKey?: string;
  /** Simulated time; default: 2026-03-02T12:00:00Z. It stands still until it is set. */
  readonly now?: Date;
  /** From the end of a call until its figures can be seen; default 0. */
  readonly delayMs?: number | ((call: BookedCall) => number);
  /** The minute of a call is that in which it ended (default) or began. */
  readonly attribution?: 'completion' | 'start';
}

export interface UsageServer extends AsyncDisposable {
  /** With its /v1. */
  readonly baseUrl: string;
  readonly adminKey: string;
  /** All requests so far, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Books a call; the number is its id for `revise`. */
  record(call: BookedCall): number;
  /** Changes the figures of a call from a time on. */
  revise(id: number, revision: Revision): void;
  setNow(now: Date): void;
  setDelay(delayMs: number | ((call: BookedCall) => number)): void;
  /** Faults are used up in the order in which they were added. */
  addFault(fault: Fault): void;
  clearFaults(): void;
  /** Changes how answers look: page size, nulls (`row`), left-out buckets, old names. */
  setShape(shape: Partial<Shape>): void;
  close(): Promise<void>;
}

const SCOPE = 'api.usage.read';

export async function startUsageServer(options: UsageServerOptions): Promise<UsageServer> {
  const {
    provider,
    adminKey = provider === 'openai' ? 'sk-admin-test-0123456789abcdef' : 'sk-ant-admin01-test-0123456789abcdef',
  } = options;
  const book = new Book();
  book.delayMs = options.delayMs ?? 0;
  book.attribution = options.attribution ?? 'completion';
  let now = options.now ?? new Date('2026-03-02T12:00:00Z');
  let shape: Shape = {
    pageSize: options.pageSize ?? null,
    omitEmpty: options.omitEmpty ?? false,
    oldNames: options.oldNames ?? false,
    amountsAsText: options.amountsAsText ?? false,
    ignoreFilters: options.ignoreFilters ?? false,
    row: options.row ?? ((row) => row),
  };
  let faults: (Fault & { left: number })[] = [];
  let endless = 0;
  const requests: SeenRequest[] = [];
  const answer = provider === 'openai' ? answerOpenai : answerAnthropic;

  const takeFault = (report: Report | null): Fault | null => {
    const fault = faults.find((one) => one.left > 0 && (one.report === undefined || one.report === report));
    if (fault === undefined) return null;
    fault.left -= 1;
    return fault;
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const report = reportOf(url.pathname);
    const seen = (status: number | null): void => {
      const parameters: Record<string, string[]> = {};
      for (const [name, value] of url.searchParams) (parameters[name] ??= []).push(value);
      requests.push({ report, path: url.pathname, parameters, headers: request.headers, status });
    };
    const send = (status: number, body: string, headers: Record<string, string> = {}): void => {
      seen(status);
      const id = provider === 'openai' ? 'x-request-id' : 'request-id';
      response.writeHead(status, { 'content-type': 'application/json', [id]: `req_${requests.length}`, ...headers });
      response.end(body);
    };
    const refuse = (refusal: Refusal, headers: Record<string, string> = {}): void =>
      send(refusal.status, errorBody(provider, refusal), headers);
    const rightAnswer = (): string => {
      checkAccess(provider, adminKey, request);
      const found = answer(url.pathname, url.searchParams, book, now, shape);
      if (found === null) throw new Refusal(404, 'not_found_error', `Invalid URL (${request.method} ${url.pathname})`);
      return JSON.stringify(found);
    };

    const fault = takeFault(report);
    try {
      if (fault === null) return send(200, rightAnswer());
      switch (fault.kind) {
        case 'status':
          return refuse(
            new Refusal(fault.status, typeOf(fault.status), fault.message ?? `Simulated ${fault.status}.`),
            fault.headers,
          );
        case 'body':
          return send(fault.status ?? 200, fault.body, { 'content-type': fault.type ?? 'application/json' });
        case 'cut':
          return cut(response, rightAnswer(), () => seen(200));
        case 'reset':
          seen(null);
          return void request.socket.destroy();
        case 'silence':
          return seen(null);
        case 'loop': {
          const page = JSON.parse(rightAnswer()) as Record<string, unknown>;
          return send(200, JSON.stringify({ ...page, has_more: true, next_page: url.searchParams.get('page') ?? 'page_loop' }));
        }
        case 'endless':
          endless += 1;
          return send(200, JSON.stringify({ object: 'page', data: [], has_more: true, next_page: `page_${endless}` }));
        case 'redirect':
          return send(302, '', { location: fault.to });
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refuse(error);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    adminKey,
    requests,
    record: (call) => book.record(call),
    revise: (id, revision) => book.revise(id, revision),
    setNow: (next) => void (now = next),
    setDelay: (delayMs) => void (book.delayMs = delayMs),
    addFault: (fault) => void faults.push({ ...fault, left: fault.times ?? 1 }),
    clearFaults: () => void (faults = []),
    setShape: (changes) => void (shape = { ...shape, ...changes }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function reportOf(path: string): Report | null {
  const last = path.split('/').at(-1);
  const reports: readonly Report[] = ['completions', 'embeddings', 'costs', 'messages', 'cost_report'];
  return reports.find((report) => report === last) ?? null;
}

function checkAccess(provider: 'openai' | 'anthropic', adminKey: string, request: IncomingMessage): void {
  if (provider === 'openai') {
    const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (key === undefined) throw new Refusal(401, 'invalid_request_error', "You didn't provide an API key.");
    if (key === adminKey) return;
    if (key.startsWith('sk-proj-') || key.startsWith('sk-admin-')) {
      const missing = `You have insufficient permissions for this operation. Missing scopes: ${SCOPE}. Check that you have the correct role in your organization, and if you're using a restricted API key, that it has the necessary scopes.`;
      throw new Refusal(403, 'invalid_request_error', missing);
    }
    const shown = `${key.slice(0, 8)}${'*'.repeat(12)}${key.slice(-4)}`;
    throw new Refusal(401, 'invalid_request_error', `Incorrect API key provided: ${shown}.`);
  }
  if (request.headers['anthropic-version'] === undefined) {
    throw new Refusal(400, 'invalid_request_error', 'anthropic-version: header is required');
  }
  const key = request.headers['x-api-key'];
  if (key === undefined) throw new Refusal(401, 'authentication_error', 'x-api-key header is required');
  if (key === adminKey) return;
  if (String(key).startsWith('sk-ant-admin'))
    throw new Refusal(403, 'permission_error', 'Your API key does not have permission.');
  throw new Refusal(401, 'authentication_error', 'invalid x-api-key');
}

function errorBody(provider: 'openai' | 'anthropic', refusal: Refusal): string {
  if (provider === 'anthropic') return JSON.stringify({ type: 'error', error: { type: refusal.type, message: refusal.message } });
  return JSON.stringify({ error: { message: refusal.message, type: refusal.type, param: refusal.parameter, code: null } });
}

function typeOf(status: number): string {
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'api_error' : 'invalid_request_error';
}

function cut(response: ServerResponse, body: string, seen: () => void): void {
  seen();
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) });
  response.write(body.slice(0, body.length / 2), () => response.destroy());
}
