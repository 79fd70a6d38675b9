/** One run's replay of a cassette: answers each of its requests and records the replay. */
import { captureScope, getLogger } from '../log/index.ts';
import type { CassetteExchange, EventMetadata } from '../schema/index.ts';
import type { Redactor } from '../secrets/index.ts';
import { createMatcher, type ReplayRequest } from './matcher.ts';
import { answeredByFallback, mismatchRecorder, responseNotStored, notRecorded, type Mismatch } from './mismatch.ts';
import { createNormalizer, type Normalizer } from './normalize.ts';
import type { Cassette } from './read.ts';
import { createSubstitutions, type RunIdentity, type Substitutions } from './substitutions.ts';
import { rewriteTexts } from './text-forms.ts';

/** The run that is being replayed. */
export interface ReplayedRun extends RunIdentity {
  readonly cassette: Cassette;
  /** The replaying run's redactor: a secret in a prompt must be masked as it is on the cassette. */
  readonly redactor: Redactor;
}

export type ReplayAnswer =
  | { readonly kind: 'recorded'; readonly exchange: CassetteExchange; readonly body: Buffer }
  | { readonly kind: 'refused'; readonly message: string };

export interface ReplaySession {
  /** @param path relative to the endpoint's root, with the query, without any key in it */
  answer(method: string, path: string, body: Buffer): ReplayAnswer;
  /** Records how much of the cassette was used. */
  end(): void;
}

const log = getLogger('cassette/replay', { component: 'orchestrator' });

/** Records the start, and later each mismatch and the end, in the current log scope. */
export function openReplaySession({ cassette, redactor, ...identity }: ReplayedRun, strict: boolean): ReplaySession {
  const inScope = captureScope();
  const { runId, exchanges } = cassette;
  const substitutions = createSubstitutions(identity);
  const normalizer = createNormalizer(redactor, substitutions);
  const matcher = createMatcher(
    exchanges.map((exchange) => remasked(exchange, redactor, normalizer)),
    strict,
  );
  const recordMismatch = mismatchRecorder();
  let mismatches = 0;

  const countMismatch = (request: ReplayRequest, mismatch: Mismatch): void => {
    mismatches += 1;
    recordMismatch(request, mismatch);
  };
  const refuse = (request: ReplayRequest, mismatch: Mismatch): ReplayAnswer => {
    countMismatch(request, mismatch);
    return { kind: 'refused', message: mismatch.message };
  };

  recordStart(cassette, strict);
  return {
    answer(method, path, body) {
      const request: ReplayRequest = { method, path: normalizer.text(path), ...normalizer.request(body) };
      const match = matcher.match(request);
      if (match.kind === 'none') return refuse(request, notRecorded(request, runId, match.closest));
      const { exchange } = match;
      if (!hasStoredResponse(exchange)) return refuse(request, responseNotStored(exchange, runId));
      if (match.kind === 'fallback') countMismatch(request, answeredByFallback(request, exchange, match.diff));
      return { kind: 'recorded', exchange, body: bodyOf(exchange, substitutions) };
    },
    end: () => inScope(() => recordEnd(exchanges.length, matcher.used, mismatches)),
  };
}

/**
 * The exchange with its request masked by the current list of secret patterns, which may be longer than the recording version's:
 * incoming requests are masked by the current list, too. The response stays unchanged.
 */
function remasked(exchange: CassetteExchange, redactor: Redactor, normalizer: Normalizer): CassetteExchange {
  const { path, request } = exchange;
  const masked = redactor.containsSecret(path) ? { ...exchange, path: normalizer.text(path) } : exchange;
  if (typeof request !== 'string' || !redactor.containsSecret(request)) return masked;
  const { content, sha256 } = normalizer.request(Buffer.from(request));
  return { ...masked, request: content, request_sha256: sha256 };
}

function recordStart({ runId, exchanges, damaged }: Cassette, strict: boolean): void {
  const notStored = exchanges.filter((exchange) => !hasStoredResponse(exchange)).length;
  const metadata = {
    replay_of: runId,
    strict,
    exchanges: exchanges.length,
    not_kept: notStored,
    damaged_lines: damaged.length,
  } satisfies EventMetadata<'replay_start'>;
  const fields = { event: 'replay_start', metadata };
  if (notStored === 0 && damaged.length === 0) {
    log.info(`Replay of ${runId}: ${exchanges.length} recorded exchanges`, fields);
    return;
  }
  const problems = [
    ...(notStored === 0 ? [] : [`answers not kept: ${notStored}`]),
    ...damaged.map(({ line, reason }) => `line ${line} is ${reason}`),
  ];
  log.warn(`The cassette of ${runId} is incomplete: ${problems.slice(0, 5).join('; ')}`, fields);
}

function recordEnd(exchanges: number, used: number, mismatches: number): void {
  const metadata = { exchanges, used, mismatches } satisfies EventMetadata<'replay_end'>;
  const message = `The replay used ${used} of ${exchanges} recorded exchanges`;
  const fields = { event: 'replay_end', metadata };
  if (used === exchanges && mismatches === 0) log.info(message, fields);
  else log.warn(`${message}; requests that are not on the cassette: ${mismatches}`, fields);
}

/** True also for an exchange that never got a response. */
function hasStoredResponse({ body, status }: CassetteExchange): boolean {
  return body !== null || status === null;
}

/** The response body with placeholders replaced by the replaying run's own text. */
function bodyOf({ body, streamed }: CassetteExchange, substitutions: Substitutions): Buffer {
  if (body === null) return Buffer.alloc(0);
  if (typeof body !== 'string') return Buffer.from(body.base64, 'base64');
  const restored = rewriteTexts(body, streamed, {
    matches: (text) => substitutions.restore(text) !== text,
    apply: (pieces) => pieces.map((piece) => substitutions.restore(piece)),
  });
  return Buffer.from(restored);
}
