/** What is said of a request that is not on the cassette. */
import type { CassetteExchange } from '../schema.ts';
import type { Difference } from './difference.ts';
import type { AskedRequest, Nearest } from './player.ts';

export function notRecorded(asked: AskedRequest, runId: string, nearest: Nearest | null): string {
  const request = `${asked.method} ${asked.path}`;
  if (nearest === null) return `The cassette of run ${runId} has no exchange at all, so it cannot answer ${request}.`;
  const { exchange, difference, recorded } = nearest;
  if (recorded > 0) {
    const times = recorded === 1 ? 'once' : `${recorded} times`;
    return `The cassette of run ${runId} has this request (${request}) ${times}, last as ${named(exchange)}, and it was asked once more.`;
  }
  return `This request (${request}) is not on the cassette of run ${runId}. Nearest is ${named(exchange)}; ${differing(difference)}.`;
}

export function answeredInstead(asked: AskedRequest, exchange: CassetteExchange, difference: Difference | null): string {
  return `A request (${asked.method} ${asked.path}) that is not on the cassette was answered by ${named(exchange)}; ${differing(difference)}`;
}

export function notKept(exchange: CassetteExchange, runId: string): string {
  return `The cassette of run ${runId} has this request as ${named(exchange)}, but its answer was not kept: it was larger than the cassette's limits.`;
}

function named({ index, step, attempt, method, path }: CassetteExchange): string {
  const place = step === null ? 'outside of steps' : `step ${step}, attempt ${attempt ?? 1}`;
  return `exchange ${index} (${place}, ${method} ${path})`;
}

function differing(difference: Difference | null): string {
  if (difference === null) return 'where they differ cannot be shown, since one of the two was not kept as text';
  const { place, recorded, asked } = difference;
  return `they first differ at ${place}: recorded ${recorded}, asked ${asked}`;
}
