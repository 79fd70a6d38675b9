/** The replay: a provider on loopback that answers from cassettes. It is put behind the meter, like the rehearsal. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer as readBuffer } from 'node:stream/consumers';
import { captureScope, getLogger, type Redactor } from '../log.ts';
import { errorBody, providerOf, wireOf } from '../meter.ts';
import type { CassetteExchange, EventMetadata } from '../schema.ts';
import { bodyOf, sendRecorded, sendRefusal } from './answer.ts';
import type { Difference } from './difference.ts';
import { createNeutraliser, type Neutraliser } from './neutral.ts';
import { createPlayer, type AskedRequest, type Player } from './player.ts';
import type { Cassette } from './read.ts';
import { answeredInstead, notKept, notRecorded } from './sentence.ts';
import { createSubstitutions, type OwnText, type Substitutions } from './substitutions.ts';

export interface ReplayOptions {
  /** False: a request that is not on the cassette is answered by the next unused exchange of its path, with a warning. */
  readonly strict: boolean;
}

/** The run that is answered. */
export interface ReplayedRun extends OwnText {
  readonly cassette: Cassette;
  /** Of the replaying run: a secret in a prompt has to become what it is on the cassette. */
  readonly redactor: Redactor;
}

/** Disposing it records what of the cassette was used. */
export interface ReplayUpstream extends Disposable {
  /** With its `/v1`. Any key is accepted. */
  readonly baseUrl: string;
}

export interface Replay extends AsyncDisposable {
  /** Begins the cassette for one run, which has a position in it of its own. Call it in the run's log scope. */
  open(run: ReplayedRun): ReplayUpstream;
}

/** No client takes it for a passing trouble. */
const REFUSED = 422;

interface Deck {
  readonly cassette: Cassette;
  readonly player: Player;
  readonly neutral: Neutraliser;
  readonly substitutions: Substitutions;
  readonly tell: (facts: Mismatch) => void;
}

interface Mismatch {
  readonly asked: AskedRequest;
  readonly sentence: string;
  readonly answeredBy: CassetteExchange | null;
  readonly nearest: CassetteExchange | null;
  readonly difference: Difference | null;
}

/**
 * Starts the replay on a free port of 127.0.0.1.
 *
 * @example
 * await using replay = await startReplay({ strict: true });
 * using upstream = replay.open({ cassette: await readCassette(source, '20261122-141503-k3f9'), runDir, runId, redactor });
 */
export async function startReplay({ strict }: ReplayOptions): Promise<Replay> {
  const decks = new Map<string, Deck>();
  const server = createServer((request, response) => {
    const [, token = '', path = ''] = /^\/([\w-]+)(\/.*)$/.exec(request.url ?? '') ?? [];
    const deck = decks.get(token);
    if (deck === undefined) {
      request.resume();
      const message = 'This address belongs to no replaying run.';
      sendRefusal(response, 404, errorBody('openai', { status: 404, code: 'unknown_run', message }));
      return;
    }
    // The only failure left is a client that goes away, which needs no answer.
    respond(deck, path, request, response).catch(() => void response.destroy());
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    open(run) {
      const token = randomBytes(16).toString('base64url');
      const opened = openDeck(run, strict);
      decks.set(token, opened.deck);
      return {
        baseUrl: `http://127.0.0.1:${port}/${token}/v1`,
        [Symbol.dispose]() {
          if (decks.delete(token)) opened.end();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** Records the beginning, and later each mismatch and the end, in the scope of the call. */
function openDeck({ cassette, redactor, ...own }: ReplayedRun, strict: boolean): { deck: Deck; end: () => void } {
  const log = getLogger('cassette/replay', { component: 'orchestrator' });
  const inScope = captureScope();
  const substitutions = createSubstitutions(own);
  const player = createPlayer(cassette.exchanges, strict);
  let mismatches = 0;

  const notKept = cassette.exchanges.filter((exchange) => !isKept(exchange)).length;
  const start = {
    replay_of: cassette.runId,
    strict,
    exchanges: player.exchanges,
    not_kept: notKept,
    damaged_lines: cassette.damaged.length,
  } satisfies EventMetadata<'replay_start'>;
  if (notKept === 0 && cassette.damaged.length === 0) {
    log.info(`Replay of ${cassette.runId}: ${player.exchanges} exchanges`, { event: 'replay_start', metadata: start });
  } else {
    const lacks = `${notKept} answers were not kept, ${cassette.damaged.length} lines cannot be read`;
    log.warn(`Replay of ${cassette.runId}, whose cassette is incomplete: ${lacks}`, { event: 'replay_start', metadata: start });
  }

  const tell = ({ asked, sentence, answeredBy, nearest, difference }: Mismatch): void => {
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
  };
  const end = (): void => {
    const { exchanges, used } = player;
    const metadata = { exchanges, used, mismatches } satisfies EventMetadata<'replay_end'>;
    const sentence = `The replay used ${used} of ${exchanges} exchanges`;
    inScope(() => {
      if (used === exchanges && mismatches === 0) log.info(sentence, { event: 'replay_end', metadata });
      else log.warn(`${sentence}; ${mismatches} requests were not on the cassette`, { event: 'replay_end', metadata });
    });
  };
  return { deck: { cassette, player, neutral: createNeutraliser(redactor, substitutions), substitutions, tell }, end };
}

function isKept({ body, status }: CassetteExchange): boolean {
  return body !== null || status === null;
}

async function respond(deck: Deck, url: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = request.method ?? 'GET';
  const path = withoutKey(url);
  const asked: AskedRequest = { method, path: deck.neutral.text(path), ...deck.neutral.request(await readBuffer(request)) };
  const { cassette, player, tell } = deck;
  const refuse = (sentence: string): void => {
    const provider = wireOf(method, path.replace(/\?.*$/, ''))?.provider ?? providerOf(path);
    sendRefusal(response, REFUSED, errorBody(provider, { status: REFUSED, code: 'replay_no_exchange', message: sentence }));
  };

  const played = player.play(asked);
  if (played.kind === 'none') {
    const sentence = notRecorded(asked, cassette.runId, played.nearest);
    const [nearest, difference] = [played.nearest?.exchange ?? null, played.nearest?.difference ?? null];
    tell({ asked, sentence, answeredBy: null, nearest, difference });
    refuse(sentence);
    return;
  }
  const { exchange } = played;
  if (!isKept(exchange)) {
    const sentence = notKept(exchange, cassette.runId);
    tell({ asked, sentence, answeredBy: null, nearest: exchange, difference: null });
    refuse(sentence);
    return;
  }
  if (played.kind === 'instead') {
    const sentence = answeredInstead(asked, exchange, played.difference);
    tell({ asked, sentence, answeredBy: exchange, nearest: exchange, difference: played.difference });
  }
  sendRecorded(response, exchange, bodyOf(exchange, deck.substitutions));
}

/** Gemini's clients may send their key in the URL; recorded paths are without it. */
function withoutKey(url: string): string {
  const [path = '', query] = url.split(/\?(.*)/, 2);
  const kept = (query ?? '').split('&').filter((each) => each !== '' && !/^key=/.test(each));
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}
