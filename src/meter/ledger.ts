/** The ledger: what the proxy records of each call, in the log scope that the call belongs to. All totals are sums over it. */
import { messageOf } from '../errors/index.ts';
import { captureScope, getLogger } from '../log/index.ts';
import type { EventMetadata } from '../schema/index.ts';
import type { BudgetRefusal } from './budget.ts';
import type { Exchange, ExchangeRecorder } from './exchange.ts';
import { isSuccess, type ForwardResult } from './transport/forward.ts';
import type { ParsedResponse } from './wires/wire.ts';

export interface Ledger {
  callStarted(facts: EventMetadata<'llm_call_start'>): void;
  callEnded(facts: EventMetadata<'llm_call'>, error: Error | null): void;
  lookedUp(facts: EventMetadata<'llm_lookup'>): void;
  unmetered(facts: EventMetadata<'unmetered_request'>): void;
  budgetRefused(refusal: BudgetRefusal): void;
  upgradeRefused(facts: EventMetadata<'upgrade_refused'>): void;
  /** Hands an exchange to the recorder, in the log scope. Never throws. */
  exchanged(recorder: ExchangeRecorder, exchange: Exchange): void;
}

const log = getLogger('meter', { component: 'metrics' });

/** Opens the ledger of the current log scope. Records written later, from elsewhere, still go to that scope. */
export function openLedger(): Ledger {
  const inScope = captureScope();
  return {
    callStarted: (metadata) => inScope(() => log.info('', { event: 'llm_call_start', metadata })),
    callEnded: (metadata, error) =>
      inScope(() => {
        const fields = { event: 'llm_call', metadata, ...(error === null ? {} : { error }) };
        if (metadata.outcome === 'ok') log.info(callMessage(metadata), fields);
        else if (metadata.outcome === 'http_error' || metadata.outcome === 'client_aborted')
          log.warn(callMessage(metadata), fields);
        else log.error(callMessage(metadata), fields);
      }),
    lookedUp: (metadata) => inScope(() => log.info(`${metadata.method} ${metadata.path}`, { event: 'llm_lookup', metadata })),
    unmetered: (metadata) =>
      inScope(() => log.info(`${metadata.method} ${metadata.path} passed through`, { event: 'unmetered_request', metadata })),
    budgetRefused: ({ message, scope, limit, used, max }) =>
      inScope(() => log.warn(message, { event: 'budget_refused', metadata: { scope, limit, used, max } })),
    upgradeRefused: (metadata) =>
      inScope(() => log.warn(`A ${metadata.protocol} connection was refused`, { event: 'upgrade_refused', metadata })),
    exchanged: (recorder, exchange) =>
      inScope(() => {
        try {
          recorder.record(exchange);
        } catch (error) {
          const metadata = { exchanges: 1, reason: messageOf(error) };
          log.warn('An exchange could not be recorded', { event: 'cassette_incomplete', metadata, error });
        }
      }),
  };
}

function callMessage(facts: EventMetadata<'llm_call'>): string {
  const model = facts['gen_ai.response.model'] ?? facts['gen_ai.request.model'] ?? 'model unknown';
  const took = `${facts.duration_seconds.toFixed(1)} s`;
  switch (facts.outcome) {
    case 'ok': {
      const input = facts['gen_ai.usage.input_tokens'] ?? 'unknown';
      const output = facts['gen_ai.usage.output_tokens'] ?? 'unknown';
      return `${model}: ${input} tokens in, ${output} out, ${took}`;
    }
    case 'http_error':
      return `${model}: the provider answered HTTP ${facts.status} after ${took}`;
    case 'client_aborted':
      return `${model}: the framework ended the call after ${took}${tokensOf(facts)}`;
    case 'unreachable':
      return `${model}: the provider could not be reached, tried for ${took}`;
    case 'upstream_error':
      return `${model}: the provider failed after ${took}${tokensOf(facts)}`;
    case 'truncated':
      return `${model}: the answer was cut short after ${took}${tokensOf(facts)}`;
    default:
      return facts.outcome satisfies never;
  }
}

function tokensOf({ usage_source, status }: EventMetadata<'llm_call'>): string {
  switch (usage_source) {
    case 'provider':
      return '';
    case 'estimate':
      return '; tokens unknown, an estimate is recorded';
    case 'none':
      return status === null ? '' : '; tokens unknown';
    default:
      return usage_source satisfies never;
  }
}

/** The outcome of a call, from how forwarding ended and what the response states. */
export function outcomeOf(result: ForwardResult, response: ParsedResponse): EventMetadata<'llm_call'>['outcome'] {
  const ok = isSuccess(result.status);
  const reportedError = response.error === null ? null : 'upstream_error';
  switch (result.ending) {
    case 'unreachable':
      return 'unreachable';
    case 'no_response':
      return 'upstream_error';
    case 'request_aborted':
      return 'client_aborted';
    case 'client_closed':
      // Some clients disconnect as soon as they have seen the end-of-stream marker.
      return reportedError ?? (ok && response.closed ? 'ok' : 'client_aborted');
    case 'truncated':
      return reportedError ?? (ok && response.closed ? 'ok' : 'truncated');
    case 'complete':
      if (!ok) return 'http_error';
      // Not every provider ends its streams with a marker.
      return reportedError ?? (response.closed || response.finished ? 'ok' : 'truncated');
    default:
      return result.ending satisfies never;
  }
}
