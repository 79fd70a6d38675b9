/** One run's replay of a cassette: what answers each of its requests, and the records of it. */
import { captureScope, getLogger } from '../log/index.ts';
import type { CassetteExchange, EventMetadata } from '../schema/index.ts';
import type { Redactor } from '../secrets/index.ts';
import { createMatcher, type AskedRequest } from './matcher.ts';
import { answeredInstead, mismatchRecorder, notKept, notRecorded, type Mismatch } from './mismatch.ts';
import { createNormalizer, type Normalizer } from './normalize.ts';
import type { Cassette } from './read.ts';
import { createSubstitutions, type OwnText, type Substitutions } from './substitutions.ts';
import { rewriteTexts } from './text-forms.ts';

/** The run that is answered. */
export interface ReplayedRun extends OwnText {
  readonly cassette: Cassette;
  /** Of the replaying run: a secret in a prompt has to become what it is on the cassette. */
  readonly redactor: Redactor;
}

export type ReplayAnswer =
  | { readonly kind: 'recorded'; readonly exchange: CassetteExchange; readonly body: Buffer }
  | { readonly kind: 'refused'; readonly message: string };

export interface ReplaySession {
  /** `path` is what follows the endpoint's root, with the query and without a key in it. */
  answer(method: string, path: string, body: Buffer): ReplayAnswer;
  /** Records what of the cassette was used. */
  end(): void;
}

const log = getLogger('cassette/replay', { component: 'orchestrator' });

/** Records the beginning, and later each mismatch and the end, in the scope of this call. */
export function openReplaySession({ cassette, redactor, ...own }: ReplayedRun, strict: boolean): ReplaySession {
  const inScope = captureScope();
  const { runId, exchanges } = cassette;
  const substitutions = createSubstitutions(own);
  const normalizer = createNormalizer(redactor, substitutions);
  const matcher = createMatcher(
    exchanges.map((exchange) => asMaskedNow(exchange, redactor, normalizer)),
    strict,
  );
  const recordMismatch = mismatchRecorder();
  let mismatches = 0;

  const differs = (asked: AskedRequest, mismatch: Mismatch): void => {
    mismatches += 1;
    recordMismatch(asked, mismatch);
  };
  const refuse = (asked: AskedRequest, mismatch: Mismatch): ReplayAnswer => {
    differs(asked, mismatch);
    return { kind: 'refused', message: mismatch.message };
  };

  recordStart(cassette, strict);
  return {
    answer(method, path, body) {
      const asked: AskedRequest = { method, path: normalizer.text(path), ...normalizer.request(body) };
      const match = matcher.match(asked);
      if (match.kind === 'none') return refuse(asked, notRecorded(asked, runId, match.nearest));
      const { exchange } = match;
      if (!isKept(exchange)) return refuse(asked, notKept(exchange, runId));
      if (match.kind === 'instead') differs(asked, answeredInstead(asked, exchange, match.diff));
      return { kind: 'recorded', exchange, body: bodyOf(exchange, substitutions) };
    },
    end: () => inScope(() => recordEnd(exchanges.length, matcher.used, mismatches)),
  };
}

/**
 * The request as this version, which knows further shapes of keys, would have recorded it: what is asked is masked by the same list.
 * The answer stays as it was given.
 */
function asMaskedNow(exchange: CassetteExchange, redactor: Redactor, normalizer: Normalizer): CassetteExchange {
  const { path, request } = exchange;
  const shown = redactor.containsSecret(path) ? { ...exchange, path: normalizer.text(path) } : exchange;
  if (typeof request !== 'string' || !redactor.containsSecret(request)) return shown;
  const { content, sha256 } = normalizer.request(Buffer.from(request));
  return { ...shown, request: content, request_sha256: sha256 };
}

function recordStart({ runId, exchanges, damaged }: Cassette, strict: boolean): void {
  const lost = exchanges.filter((exchange) => !isKept(exchange)).length;
  const metadata = {
    replay_of: runId,
    strict,
    exchanges: exchanges.length,
    not_kept: lost,
    damaged_lines: damaged.length,
  } satisfies EventMetadata<'replay_start'>;
  const fields = { event: 'replay_start', metadata };
  if (lost === 0 && damaged.length === 0) {
    log.info(`Replay of ${runId}: ${exchanges.length} recorded exchanges`, fields);
    return;
  }
  const lacks = [
    ...(lost === 0 ? [] : [`answers not kept: ${lost}`]),
    ...damaged.map(({ line, reason }) => `line ${line} is ${reason}`),
  ];
  log.warn(`The cassette of ${runId} is incomplete: ${lacks.slice(0, 5).join('; ')}`, fields);
}

function recordEnd(exchanges: number, used: number, mismatches: number): void {
  const metadata = { exchanges, used, mismatches } satisfies EventMetadata<'replay_end'>;
  const message = `The replay used ${used} of ${exchanges} recorded exchanges`;
  const fields = { event: 'replay_end', metadata };
  if (used === exchanges && mismatches === 0) log.info(message, fields);
  else log.warn(`${message}; requests that are not on the cassette: ${mismatches}`, fields);
}

/** An exchange without an answer is kept as what it is. */
function isKept({ body, status }: CassetteExchange): boolean {
  return body !== null || status === null;
}

/** Placeholders become what they stand for in the replaying run. */
function bodyOf({ body, streamed }: CassetteExchange, substitutions: Substitutions): Buffer {
  if (body === null) return Buffer.alloc(0);
  if (typeof body !== 'string') return Buffer.from(body.base64, 'base64');
  const restored = rewriteTexts(body, streamed, {
    concerns: (text) => substitutions.restore(text) !== text,
    apply: (pieces) => pieces.map((piece) => substitutions.restore(piece)),
  });
  return Buffer.from(restored);
}
