/** Which headers travel through the proxy, and where the real key goes in place of the dummy. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Provider } from '../wires/wire.ts';

/** They describe one connection and not the message (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What is written anew for the upstream. */
const REPLACED = new Set([...HOP_BY_HOP, 'host', 'expect', 'accept-encoding']);

/** What goes on to the client of an answer whose length or encoding is not what was stated. */
const REWRITTEN = new Set([...HOP_BY_HOP, 'content-length', 'content-encoding']);

function without(
  dropped: ReadonlySet<string>,
  headers: IncomingHttpHeaders,
  more: OutgoingHttpHeaders = {},
): OutgoingHttpHeaders {
  const { connection } = headers;
  // The header names further ones that are for this connection alone.
  const named =
    connection === undefined || connection === 'keep-alive' || connection === 'close'
      ? null
      : new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
  for (const name in headers) if (!dropped.has(name) && named?.has(name) !== true) more[name] = headers[name];
  return more;
}

/** Request headers for the upstream, the client's credentials still in them. */
export function upstreamHeaders(headers: IncomingHttpHeaders, host: string): OutgoingHttpHeaders {
  return without(REPLACED, headers, { host, 'accept-encoding': 'identity' });
}

/** Answer headers for the client. `rewritten`: the body will not have the length or the encoding that they state. */
export function clientHeaders(headers: IncomingHttpHeaders, rewritten: boolean): OutgoingHttpHeaders {
  return without(rewritten ? REWRITTEN : HOP_BY_HOP, headers);
}

/** Trailers for the client, or null when there are none. */
export function trailersOf(trailers: NodeJS.Dict<string>): OutgoingHttpHeaders | null {
  const kept = without(HOP_BY_HOP, trailers);
  return Object.keys(kept).length === 0 ? null : kept;
}

/** Worth nothing anywhere: a framework that goes to the provider with it, past the proxy, is refused there. */
export const DUMMY_KEY = 'stepwell-metered';

const KEY_HEADERS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'] as const;
type KeyHeader = (typeof KEY_HEADERS)[number];

/** Where a provider looks for the key, for a client that sent none. */
const EXPECTED = {
  openai: 'authorization',
  anthropic: 'x-api-key',
  gemini: 'x-goog-api-key',
} satisfies Record<Provider, KeyHeader>;

/**
 * Takes the client's credentials out of the headers and the query, and puts the real key, if there is one, in their place:
 * clients send their key in different ways.
 *
 * @param query with its `?`, or empty
 * @returns the query to send
 */
export function putKey(headers: OutgoingHttpHeaders, query: string, provider: Provider, apiKey: string | null): string {
  let placed = false;
  let other: KeyHeader | null = null;
  for (const name of KEY_HEADERS) {
    const value = headers[name];
    if (value === undefined) continue;
    if (apiKey !== null && String(value).includes(DUMMY_KEY)) {
      headers[name] = valueOf(name, apiKey);
      placed = true;
    } else {
      delete headers[name];
      other ??= name;
    }
  }
  const sent = query.includes('key=') ? withKey(query, provider, placed ? null : apiKey) : { query, placed: false };
  if (apiKey !== null && !placed && !sent.placed) {
    // A client with a key of its own shows where it wants one.
    const name = other ?? EXPECTED[provider];
    headers[name] = valueOf(name, apiKey);
  }
  return sent.query;
}

function valueOf(name: KeyHeader, apiKey: string): string {
  return name === 'authorization' ? `Bearer ${apiKey}` : apiKey;
}

/** A `key` is a credential for Gemini; elsewhere only when it is the dummy. Null as `apiKey` takes it away. */
function withKey(query: string, provider: Provider, apiKey: string | null): { query: string; placed: boolean } {
  let placed = false;
  const parts: string[] = [];
  for (const part of query.slice(1).split('&')) {
    const isKey = part.startsWith('key=') && (provider === 'gemini' || part === `key=${DUMMY_KEY}`);
    if (!isKey) parts.push(part);
    else if (apiKey !== null && !placed) {
      parts.push(`key=${encodeURIComponent(apiKey)}`);
      placed = true;
    }
  }
  return { query: parts.length === 0 ? '' : `?${parts.join('&')}`, placed };
}

/** The query as it may be kept: without any `key`. */
export function queryWithoutKey(query: string): string {
  if (!query.includes('key=')) return query;
  const parts = query
    .slice(1)
    .split('&')
    .filter((part) => !part.startsWith('key='));
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}
