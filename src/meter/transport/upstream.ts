/** The provider behind a run, and how requests to it are made. */
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { keyMasks, type KeyMask } from './key-mask.ts';
import { hasCredentials, withoutCredentials } from '../../secrets.ts';
import { meterError } from '../errors.ts';

export interface Upstream {
  /** Scheme, host and port, for sentences. */
  readonly origin: string;
  /** For the header of that name. */
  readonly host: string;
  readonly apiKey: string | null;
  /** Where a request goes whose path below the endpoint's root is `path`. */
  pathOf(path: string): string;
  send(method: string, path: string, headers: OutgoingHttpHeaders): ClientRequest;
  /** For one answer: covers the real key in it. */
  newMask(): KeyMask;
}

/** Connections to providers, shared by all runs. */
export interface Connections {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  close(): void;
}

export function openConnections(): Connections {
  // A connection that idles shorter than servers keep theirs is seldom closed under a request on its way. Such a request
  // is not sent again by the proxy: one request in is one request out, and the client's own retry is a call of its own.
  const http = new HttpAgent({ keepAlive: true, timeout: 4_000 });
  const https = new HttpsAgent({ keepAlive: true, timeout: 4_000 });
  return {
    http,
    https,
    close() {
      http.destroy();
      https.destroy();
    },
  };
}

/** A path's last segment that is a version: `/v1`, `/v1beta`, `/v4`. */
const VERSION = /\/v\d+(?:\.\d+)?(?:alpha|beta|preview)?\d*$/i;

/** Longest head of a request or an answer: Node's own limit, 16 KB, is below that of many providers. */
export const MAX_HEAD_BYTES = 128 * 1024;

/** @throws UPSTREAM_URL_INVALID */
export function openUpstream(baseUrl: string, apiKey: string | null, connections: Connections): Upstream {
  const base = parseBase(baseUrl);
  const secure = base.protocol === 'https:';
  const start = secure ? httpsRequest : httpRequest;
  const versioned = base.pathname.replace(/\/+$/, '');
  const bare = versioned.replace(VERSION, '');
  const fixed = {
    agent: secure ? connections.https : connections.http,
    hostname: base.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: base.port === '' ? undefined : base.port,
    maxHeaderSize: MAX_HEAD_BYTES,
  };
  return {
    origin: base.origin,
    host: base.host,
    apiKey,
    // Clients of OpenAI are given a base URL with /v1, which stands for base_url; those of Anthropic and Gemini are given
    // the root, to which they add a version themselves.
    pathOf: (path) => (path === '/v1' || path.startsWith('/v1/') ? versioned + path.slice(3) || '/' : bare + path),
    send: (method, path, headers) => start({ ...fixed, method, path, headers }),
    newMask: keyMasks(apiKey),
  };
}

function parseBase(baseUrl: string): URL {
  // A password has no place in a message.
  const shown = withoutCredentials(baseUrl);
  const refused = (reason: string): Error => meterError('UPSTREAM_URL_INVALID', { baseUrl: shown, reason });
  const base = URL.parse(baseUrl);
  if (base === null) throw refused('it is not a URL');
  if (base.protocol !== 'http:' && base.protocol !== 'https:')
    throw refused(`it begins with ${base.protocol} and not with http: or https:`);
  if (hasCredentials(base)) throw refused('it holds a user name or password; the key goes beside it');
  if (base.search !== '' || base.hash !== '') throw refused('it holds a query or fragment, to which no path can be added');
  return base;
}
