/** How a call ended, from what happened on the way and what the answer states. */
import type { EventMetadata } from '../schema.ts';
import type { Forwarded } from './forward.ts';
import type { Answered } from './wire.ts';

export type Outcome = EventMetadata<'llm_call'>['outcome'];

export function isGood(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}

export function outcomeOf(done: Forwarded, answered: Answered): Outcome {
  const good = isGood(done.status);
  const spoken = answered.error === null ? null : 'upstream_error';
  switch (done.ending) {
    case 'unreachable':
      return 'unreachable';
    case 'unanswered':
      return 'upstream_error';
    case 'lost':
      return 'client_aborted';
    case 'client_gone':
      // Some clients hang up as soon as they have seen the closing mark.
      return spoken ?? (good && answered.closed ? 'ok' : 'client_aborted');
    case 'cut':
      return spoken ?? (good && answered.closed ? 'ok' : 'truncated');
    case 'whole':
      if (!good) return 'http_error';
      // Not every provider ends its streams with a mark.
      return spoken ?? (answered.closed || answered.finished ? 'ok' : 'truncated');
    default:
      return done.ending satisfies never;
  }
}
