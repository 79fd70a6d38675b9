/** A request that is not on the cassette: its error message and its record. */
import { captureScope, getLogger } from '../log/index.ts';
import type { CassetteExchange, EventMetadata } from '../schema/index.ts';
import type { Diff } from './diff.ts';
import type { ReplayRequest, ClosestExchange } from './matcher.ts';

export interface Mismatch {
  readonly message: string;
  /** The exchange that answered it anyway; null when the request was refused. */
  readonly answeredBy: CassetteExchange | null;
  readonly closest: CassetteExchange | null;
  readonly diff: Diff | null;
}

export function notRecorded(request: ReplayRequest, runId: string, closest: ClosestExchange | null): Mismatch {
  const details = { answeredBy: null, closest: closest?.exchange ?? null, diff: closest?.diff ?? null };
  return { ...details, message: notRecordedMessage(`${request.method} ${request.path}`, runId, closest) };
}

function notRecordedMessage(request: string, runId: string, closest: ClosestExchange | null): string {
  if (closest === null) return `The cassette of run ${runId} has no exchange at all, so it cannot answer ${request}.`;
  const { exchange, diff, recorded } = closest;
  if (recorded > 0) {
    const times = recorded === 1 ? 'once' : `${recorded} times`;
    return `The cassette of run ${runId} has this request (${request}) ${times}, last as ${exchangeLabel(exchange)}, and it was asked once more.`;
  }
  return `This request (${request}) is not on the cassette of run ${runId}. Nearest is ${exchangeLabel(exchange)}; ${diffPhrase(diff)}.`;
}

export function answeredByFallback(request: ReplayRequest, exchange: CassetteExchange, diff: Diff | null): Mismatch {
  const message = `A request (${request.method} ${request.path}) that is not on the cassette was answered by ${exchangeLabel(exchange)}; ${diffPhrase(diff)}`;
  return { message, answeredBy: exchange, closest: exchange, diff };
}

export function responseNotStored(exchange: CassetteExchange, runId: string): Mismatch {
  const message = `The cassette of run ${runId} has this request as ${exchangeLabel(exchange)}, but its answer was not kept: it was larger than the cassette's limits.`;
  return { message, answeredBy: null, closest: exchange, diff: null };
}

function exchangeLabel({ index, step, attempt, method, path }: CassetteExchange): string {
  const place = step === null ? 'outside of steps' : `step ${step}, attempt ${attempt ?? 1}`;
  return `exchange ${index} (${place}, ${method} ${path})`;
}

function diffPhrase(diff: Diff | null): string {
  if (diff === null) return 'where they differ cannot be shown, since one of the two was not kept as text';
  const { place, recorded, requested } = diff;
  return `they first differ at ${place}: recorded ${recorded}, asked ${requested}`;
}

const log = getLogger('cassette/replay', { component: 'orchestrator' });

/** Returns a function that records mismatches in the current log scope. */
export function mismatchRecorder(): (request: ReplayRequest, mismatch: Mismatch) => void {
  const inScope = captureScope();
  return ({ method, path }, { message, answeredBy, closest, diff }) => {
    const metadata = {
      method,
      path,
      answered_by: answeredBy?.index ?? null,
      nearest: closest?.index ?? null,
      place: diff?.place ?? null,
      recorded: diff?.recorded ?? null,
      asked: diff?.requested ?? null,
    } satisfies EventMetadata<'replay_mismatch'>;
    inScope(() => {
      if (answeredBy === null) log.error(message, { event: 'replay_mismatch', metadata });
      else log.warn(message, { event: 'replay_mismatch', metadata });
    });
  };
}
