/** One run's play of a cassette: what answers each of its requests, and the records of it. */
import { captureScope, getLogger } from '../log.ts';
import type { Redactor } from '../secrets.ts';
import type { CassetteExchange, EventMetadata } from '../schema.ts';
import { bodyOf } from './answer.ts';
import type { Difference } from './difference.ts';
import { createNeutraliser } from './neutral.ts';
import { createPlayer, type AskedRequest } from './player.ts';
import type { Cassette } from './read.ts';
import { answeredInstead, notKept, notRecorded } from './sentence.ts';
import { createSubstitutions, type OwnText } from './substitutions.ts';

/** The run that is answered. */
export interface ReplayedRun extends OwnText {
  readonly cassette: Cassette;
  /** Of the replaying run: a secret in a prompt has to become what it is on the cassette. */
  readonly redactor: Redactor;
}

export type DeckAnswer =
  | { readonly kind: 'recorded'; readonly exchange: CassetteExchange; readonly body: Buffer }
  | { readonly kind: 'refused'; readonly sentence: string };

export interface Deck {
  /** `path` is what follows the endpoint's root, with the query and without a key in it. */
  answer(method: string, path: string, body: Buffer): DeckAnswer;
  /** Records what of the cassette was used. */
  end(): void;
}

/** Records the beginning, and later each mismatch and the end, in the scope of this call. */
export function openDeck({ cassette, redactor, ...own }: ReplayedRun, strict: boolean): Deck {
  const log = getLogger('cassette/replay', { component: 'orchestrator' });
  const inScope = captureScope();
  const { runId, exchanges } = cassette;
  const substitutions = createSubstitutions(own);
  const neutral = createNeutraliser(redactor, substitutions);
  const player = createPlayer(exchanges, strict);
  let mismatches = 0;

  function recordStart(): void {
    const lost = exchanges.filter((exchange) => !isKept(exchange)).length;
    const unread = cassette.damaged.length;
    const metadata = {
      replay_of: runId,
      strict,
      exchanges: exchanges.length,
      not_kept: lost,
      damaged_lines: unread,
    } satisfies EventMetadata<'replay_start'>;
    const fields = { event: 'replay_start', metadata };
    if (lost === 0 && unread === 0) {
      log.info(`Replay of ${runId}: ${exchanges.length} recorded exchanges`, fields);
      return;
    }
    const lacks = [
      ...(lost === 0 ? [] : [`answers not kept: ${lost}`]),
      ...cassette.damaged.map(({ line, reason }) => `line ${line} is ${reason}`),
    ];
    log.warn(`The cassette of ${runId} is incomplete: ${lacks.slice(0, 5).join('; ')}`, fields);
  }

  function recordMismatch(
    asked: AskedRequest,
    found: {
      sentence: string;
      answeredBy: CassetteExchange | null;
      nearest: CassetteExchange | null;
      difference: Difference | null;
    },
  ): void {
    const { sentence, answeredBy, nearest, difference } = found;
    mismatches += 1;
    const metadata = {
      method: asked.method,
      path: asked.path,
      answered_by: answeredBy?.index ?? null,
      nearest: nearest?.index ?? null,
      place: difference?.place ?? null,
      recorded: difference?.recorded ?? null,
      asked: difference?.asked ?? null,
    } satisfies EventMetadata<'replay_mismatch'>;
    inScope(() => {
      if (answeredBy === null) log.error(sentence, { event: 'replay_mismatch', metadata });
      else log.warn(sentence, { event: 'replay_mismatch', metadata });
    });
  }

  recordStart();
  return {
    answer(method, path, body) {
      const asked: AskedRequest = { method, path: neutral.text(path), ...neutral.request(body) };
      const played = player.play(asked);
      if (played.kind === 'none') {
        const { nearest } = played;
        const sentence = notRecorded(asked, runId, nearest);
        const near = { nearest: nearest?.exchange ?? null, difference: nearest?.difference ?? null };
        recordMismatch(asked, { sentence, answeredBy: null, ...near });
        return { kind: 'refused', sentence };
      }
      const { exchange } = played;
      if (!isKept(exchange)) {
        const sentence = notKept(exchange, runId);
        recordMismatch(asked, { sentence, answeredBy: null, nearest: exchange, difference: null });
        return { kind: 'refused', sentence };
      }
      if (played.kind === 'instead') {
        const { difference } = played;
        const sentence = answeredInstead(asked, exchange, difference);
        recordMismatch(asked, { sentence, answeredBy: exchange, nearest: exchange, difference });
      }
      return { kind: 'recorded', exchange, body: bodyOf(exchange, substitutions) };
    },
    end() {
      const { used } = player;
      const metadata = { exchanges: exchanges.length, used, mismatches } satisfies EventMetadata<'replay_end'>;
      const fields = { event: 'replay_end', metadata };
      const sentence = `The replay used ${used} of ${exchanges.length} recorded exchanges`;
      inScope(() => {
        if (used === exchanges.length && mismatches === 0) log.info(sentence, fields);
        else log.warn(`${sentence}; requests that are not on the cassette: ${mismatches}`, fields);
      });
    },
  };
}

/** An exchange without an answer is kept as what it is. */
function isKept({ body, status }: CassetteExchange): boolean {
  return body !== null || status === null;
}
