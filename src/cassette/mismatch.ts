/** A request that is not on the cassette: what is said of it, and the record. */
import { captureScope, getLogger } from '../log/index.ts';
import type { CassetteExchange, EventMetadata } from '../schema/index.ts';
import type { Diff } from './diff.ts';
import type { AskedRequest, Nearest } from './matcher.ts';

export interface Mismatch {
  readonly message: string;
  /** The exchange that was given all the same; null: the request was refused. */
  readonly answeredBy: CassetteExchange | null;
  readonly nearest: CassetteExchange | null;
  readonly diff: Diff | null;
}

export function notRecorded(asked: AskedRequest, runId: string, nearest: Nearest | null): Mismatch {
  const found = { answeredBy: null, nearest: nearest?.exchange ?? null, diff: nearest?.diff ?? null };
  return { ...found, message: notRecordedMessage(`${asked.method} ${asked.path}`, runId, nearest) };
}

function notRecordedMessage(request: string, runId: string, nearest: Nearest | null): string {
  if (nearest === null) return `The cassette of run ${runId} has no exchange at all, so it cannot answer ${request}.`;
  const { exchange, diff, recorded } = nearest;
  if (recorded > 0) {
    const times = recorded === 1 ? 'once' : `${recorded} times`;
    return `The cassette of run ${runId} has this request (${request}) ${times}, last as ${named(exchange)}, and it was asked once more.`;
  }
  return `This request (${request}) is not on the cassette of run ${runId}. Nearest is ${named(exchange)}; ${differing(diff)}.`;
}

export function answeredInstead(asked: AskedRequest, exchange: CassetteExchange, diff: Diff | null): Mismatch {
  const message = `A request (${asked.method} ${asked.path}) that is not on the cassette was answered by ${named(exchange)}; ${differing(diff)}`;
  return { message, answeredBy: exchange, nearest: exchange, diff };
}

export function notKept(exchange: CassetteExchange, runId: string): Mismatch {
  const message = `The cassette of run ${runId} has this request as ${named(exchange)}, but its answer was not kept: it was larger than the cassette's limits.`;
  return { message, answeredBy: null, nearest: exchange, diff: null };
}

function named({ index, step, attempt, method, path }: CassetteExchange): string {
  const place = step === null ? 'outside of steps' : `step ${step}, attempt ${attempt ?? 1}`;
  return `exchange ${index} (${place}, ${method} ${path})`;
}

function differing(diff: Diff | null): string {
  if (diff === null) return 'where they differ cannot be shown, since one of the two was not kept as text';
  const { place, recorded, asked } = diff;
  return `they first differ at ${place}: recorded ${recorded}, asked ${asked}`;
}

const log = getLogger('cassette/replay', { component: 'orchestrator' });

/** Returns what records a mismatch in the scope of this call. */
export function mismatchRecorder(): (asked: AskedRequest, mismatch: Mismatch) => void {
  const inScope = captureScope();
  return ({ method, path }, { message, answeredBy, nearest, diff }) => {
    const metadata = {
      method,
      path,
      answered_by: answeredBy?.index ?? null,
      nearest: nearest?.index ?? null,
      place: diff?.place ?? null,
      recorded: diff?.recorded ?? null,
      asked: diff?.asked ?? null,
    } satisfies EventMetadata<'replay_mismatch'>;
    inScope(() => {
      if (answeredBy === null) log.error(message, { event: 'replay_mismatch', metadata });
      else log.warn(message, { event: 'replay_mismatch', metadata });
    });
  };
}
