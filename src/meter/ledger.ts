/** The ledger: what the proxy records, in the scope of the attempt that the call belongs to. There are no other totals. */
import { captureScope, getLogger } from '../log.ts';
import type { EventMetadata } from '../schema.ts';

export interface Ledger {
  callStarted(facts: EventMetadata<'llm_call_start'>): void;
  callEnded(facts: EventMetadata<'llm_call'>, error: Error | null): void;
  unmetered(facts: EventMetadata<'unmetered_request'>): void;
}

/** Opens the ledger of the scope in which it is called; what is recorded later still goes there. */
export function openLedger(): Ledger {
  const inScope = captureScope();
  const log = getLogger('meter', { component: 'metrics' });
  return {
    callStarted: (facts) => inScope(() => log.info('', { event: 'llm_call_start', metadata: { ...facts } })),
    callEnded: (facts, error) =>
      inScope(() => {
        const fields = { event: 'llm_call', metadata: { ...facts }, ...(error === null ? {} : { error }) };
        if (facts.outcome === 'ok') log.info(sentence(facts), fields);
        else if (facts.outcome === 'upstream_error' || facts.outcome === 'truncated') log.error(sentence(facts), fields);
        else log.warn(sentence(facts), fields);
      }),
    unmetered: (facts) =>
      inScope(() =>
        log.info(`${facts.method} ${facts.path} passed through`, { event: 'unmetered_request', metadata: { ...facts } }),
      ),
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
      return `${model}: the framework ended the call after ${took}${facts.usage_source === 'none' ? '; tokens unknown' : ''}`;
    case 'upstream_error':
      return `${model}: the provider failed after ${took}`;
    case 'truncated':
      return `${model}: the answer was cut short after ${took}`;
    default:
      return facts.outcome satisfies never;
  }
}
