/** The replay: a loopback endpoint that answers from cassettes. Like the rehearsal, it replaces the provider behind the meter. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer as readBuffer } from 'node:stream/consumers';
import { closeServer, listenOnLoopback, sendJson } from '../loopback/index.ts';
import { errorBody, providerOf, queryWithoutKey, wireOf } from '../meter/index.ts';
import type { CassetteExchange } from '../schema/index.ts';
import { openReplaySession, type ReplayedRun, type ReplaySession } from './replay-session.ts';

interface ReplayOptions {
  /** False: a request that is not on the cassette is answered by the next unused exchange of its path, with a warning. */
  readonly strict: boolean;
}

/** Disposing it records how much of the cassette was used. */
interface ReplayUpstream extends Disposable {
  /** Includes `/v1`. Any key is accepted. */
  readonly baseUrl: string;
}

interface Replay extends AsyncDisposable {
  /** Starts the cassette for one run; each run has its own position in it. Call it in the run's log scope. */
  open(run: ReplayedRun): ReplayUpstream;
}

/**
 * Starts the replay on a free port of 127.0.0.1.
 *
 * @example
 * await using replay = await startReplay({ strict: true });
 * using upstream = replay.open({ cassette: await readCassette(source, '20261122-141503-k3f9'), runDir, runId, redactor });
 */
export async function startReplay({ strict }: ReplayOptions): Promise<Replay> {
  const sessions = new Map<string, ReplaySession>();
  const server = createServer((request, response) => {
    const [, token = '', path = ''] = /^\/([\w-]+)(\/.*)$/.exec(request.url ?? '') ?? [];
    // The only remaining failure is a client that disconnects, which needs no response.
    respond(sessions.get(token) ?? null, path, request, response).catch(() => void response.destroy());
  });
  server.keepAliveTimeout = 120_000;
  const port = await listenOnLoopback(server);

  return {
    open(run) {
      const token = randomBytes(16).toString('base64url');
      const session = openReplaySession(run, strict);
      sessions.set(token, session);
      return {
        baseUrl: `http://127.0.0.1:${port}/${token}/v1`,
        [Symbol.dispose]() {
          if (sessions.delete(token)) session.end();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await closeServer(server);
    },
  };
}

/** A status that no client retries. */
const NOT_ON_CASSETTE = 422;

async function respond(
  session: ReplaySession | null,
  url: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? 'GET';
  const path = withoutKey(url);
  const refuse = (status: number, code: string, message: string): void => {
    const provider = wireOf(method, path.replace(/\?.*$/, ''))?.provider ?? providerOf(path);
    sendJson(response, status, errorBody(provider, { status, code, message }));
  };
  const body = await readBuffer(request);
  if (session === null) {
    refuse(404, 'unknown_run', 'This address belongs to no run that is replayed now.');
    return;
  }
  const answer = session.answer(method, path, body);
  if (answer.kind === 'refused') refuse(NOT_ON_CASSETTE, 'not_on_cassette', answer.message);
  else sendRecorded(response, answer.exchange, answer.body);
}

/** Sends a recorded response: the same status and body, truncated where the recorded one was. */
function sendRecorded(response: ServerResponse, exchange: CassetteExchange, body: Buffer): void {
  const { status, headers, complete, streamed } = exchange;
  if (status === null) {
    // The recorded request got no response.
    response.destroy();
    return;
  }
  if (!complete) {
    response.writeHead(status, headers);
    response.flushHeaders();
    // Closed without the end of the framing, so the client notices the truncation.
    response.write(body, () => response.destroy());
    return;
  }
  response.writeHead(status, streamed ? headers : { ...headers, 'content-length': body.length });
  response.end(body);
}

/** Gemini clients may send their key in the URL; recorded paths do not contain it. */
function withoutKey(url: string): string {
  const cut = url.indexOf('?');
  return cut < 0 ? url : url.slice(0, cut) + queryWithoutKey(url.slice(cut));
}
