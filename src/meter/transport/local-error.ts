/** Errors that the proxy itself returns, in the error format of the client's provider. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from '../../loopback/index.ts';
import { failureReason } from '../../store/errno.ts';
import type { BudgetRefusal } from '../budget.ts';
import { errorBody } from '../wires/error.ts';
import type { Provider } from '../wires/wire.ts';

/** For a URL that belongs to no attempt or run. */
export function sendUnknownAddress(request: IncomingMessage, response: ServerResponse): void {
  const message =
    'This URL belongs to no attempt known to stepwell. Use the base URL given to the framework unchanged, with its token and /v1.';
  request.resume();
  sendJson(response, 404, errorBody('openai', { status: 404, code: 'unknown_attempt', message }));
}

export function sendBudgetExceeded(response: ServerResponse, provider: Provider, { message }: BudgetRefusal): void {
  const told = `${message} Do not retry: stepwell's metering proxy forwards no further calls.`;
  // The SDKs of OpenAI and Anthropic retry a 429 unless this header says otherwise.
  sendJson(response, 429, errorBody(provider, { status: 429, code: 'budget_exceeded', message: told }), {
    'x-should-retry': 'false',
  });
}

/** Clients that try a WebSocket first fall back to HTTP as soon as they see this status. */
export function sendUpgradeRefused(request: IncomingMessage, response: ServerResponse, protocol: string): void {
  const message = `stepwell's metering proxy does not support ${protocol} connections. Use plain HTTP; server-sent events are supported.`;
  request.resume();
  sendJson(response, 426, errorBody('openai', { status: 426, code: 'upgrade_refused', message }), {
    connection: 'close',
    upgrade: 'HTTP/1.1',
  });
}

export function sendUpstreamUnreachable(response: ServerResponse, provider: Provider, origin: string, error: Error | null): void {
  const cause = error === null ? 'unknown reason' : failureReason(error);
  const message = `stepwell's metering proxy got no answer from ${origin}: ${cause}`;
  sendJson(response, 502, errorBody(provider, { status: 502, code: 'upstream_unreachable', message }));
}
