/** The ledger: what the proxy records, in the scope that the call belongs to. There are no other totals. */
import { messageOf } from '../errors/index.ts';
import { captureScope, getLogger } from '../log/index.ts';
import type { EventMetadata } from '../schema/index.ts';
import type { BudgetRefusal } from './budget.ts';
import type { Exchange, ExchangeRecorder } from './exchange.ts';
import { isGood, type Forwarded } from './transport/forward.ts';
import type { ParsedResponse } from './wires/wire.ts';

export interface Ledger {
  callStarted(facts: EventMetadata<'llm_call_start'>): void;
  callEnded(facts: EventMetadata<'llm_call'>, error: Error | null): void;
  lookedUp(facts: EventMetadata<'llm_lookup'>): void;
  unmetered(facts: EventMetadata<'unmetered_request'>): void;
  budgetRefused(refusal: BudgetRefusal): void;
  upgradeRefused(facts: EventMetadata<'upgrade_refused'>): void;
  /** Hands an exchange to the recorder, in the scope. Never throws. */
  exchanged(recorder: ExchangeRecorder, exchange: Exchange): void;
}

const log = getLogger('meter', { component: 'metrics' });

/** Opens the ledger of the scope in which it is called; what is recorded later still goes there. */
export function openLedger(): Ledger {
  const inScope = captureScope();
  return {
    callStarted: (metadata) => inScope(() => log.info('', { event: 'llm_call_start', metadata })),
    callEnded: (metadata, error) =>
      inScope(() => {
        const fields = { event: 'llm_call', metadata, ...(error === null ? {} : { error }) };
        if (metadata.outcome === 'ok') log.info(sentence(metadata), fields);
        else if (metadata.outcome === 'http_error' || metadata.outcome === 'client_aborted') log.warn(sentence(metadata), fields);
        else log.error(sentence(metadata), fields);
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

function sentence(facts: EventMetadata<'llm_call'>): string {
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
      return '; tokens unknown, an estimate stands beside';
    case 'none':
      return status === null ? '' : '; tokens unknown';
    default:
      return usage_source satisfies never;
  }
}

/** How a call ended, from what happened on the way and what the answer states. */
export function outcomeOf(done: Forwarded, response: ParsedResponse): EventMetadata<'llm_call'>['outcome'] {
  const good = isGood(done.status);
  const spoken = response.error === null ? null : 'upstream_error';
  switch (done.ending) {
    case 'unreachable':
      return 'unreachable';
    case 'unanswered':
      return 'upstream_error';
    case 'lost':
      return 'client_aborted';
    case 'client_gone':
      // Some clients hang up as soon as they have seen the closing mark.
      return spoken ?? (good && response.closed ? 'ok' : 'client_aborted');
    case 'cut':
      return spoken ?? (good && response.closed ? 'ok' : 'truncated');
    case 'whole':
      if (!good) return 'http_error';
      // Not every provider ends its streams with a mark.
      return spoken ?? (response.closed || response.finished ? 'ok' : 'truncated');
    default:
      return done.ending satisfies never;
  }
}
