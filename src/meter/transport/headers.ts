/** Which headers the proxy forwards, and where it replaces the dummy API key with the real one. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Provider } from '../wires/wire.ts';

/** Headers about one connection, not about the message (RFC 9110, 7.6.1). */
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

/** Request headers that the proxy sets itself. */
const REPLACED = new Set([...HOP_BY_HOP, 'host', 'expect', 'accept-encoding']);

/** Response headers that are dropped when the body's length or encoding has changed. */
const REWRITTEN = new Set([...HOP_BY_HOP, 'content-length', 'content-encoding']);

function omitHeaders(
  dropped: ReadonlySet<string>,
  headers: IncomingHttpHeaders,
  more: OutgoingHttpHeaders = {},
): OutgoingHttpHeaders {
  const { connection } = headers;
  // The header lists further headers that are for this connection only.
  const named =
    connection === undefined || connection === 'keep-alive' || connection === 'close'
      ? null
      : new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
  for (const name in headers) if (!dropped.has(name) && named?.has(name) !== true) more[name] = headers[name];
  return more;
}

/** Request headers for the upstream; the client's credentials are still in them. */
export function upstreamHeaders(headers: IncomingHttpHeaders, host: string): OutgoingHttpHeaders {
  return omitHeaders(REPLACED, headers, { host, 'accept-encoding': 'identity' });
}

/** @param rewritten the body will not have the length or encoding that the headers state */
export function clientHeaders(headers: IncomingHttpHeaders, rewritten: boolean): OutgoingHttpHeaders {
  return omitHeaders(rewritten ? REWRITTEN : HOP_BY_HOP, headers);
}

/** Trailers to forward, or null when there are none. */
export function trailersOf(trailers: NodeJS.Dict<string>): OutgoingHttpHeaders | null {
  const kept = omitHeaders(HOP_BY_HOP, trailers);
  return Object.keys(kept).length === 0 ? null : kept;
}

/** Not a valid key anywhere: a framework that bypasses the proxy and sends it to the provider is rejected there. */
export const DUMMY_KEY = 'stepwell-metered';

const KEY_HEADERS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'] as const;
type KeyHeader = (typeof KEY_HEADERS)[number];

/** The header in which each provider expects the key, for a client that sent none. */
const DEFAULT_KEY_HEADERS = {
  openai: 'authorization',
  anthropic: 'x-api-key',
  gemini: 'x-goog-api-key',
} satisfies Record<Provider, KeyHeader>;

/**
 * Removes the client's credentials from the headers and the query, and puts the real key, if there is one, in their place.
 * Clients send their key in different ways.
 *
 * @param query with its `?`, or empty
 * @returns the query to send
 */
export function injectKey(headers: OutgoingHttpHeaders, query: string, provider: Provider, apiKey: string | null): string {
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
  const sent = query.includes('key=') ? injectQueryKey(query, provider, placed ? null : apiKey) : { query, placed: false };
  if (apiKey !== null && !placed && !sent.placed) {
    // A client that sent a key of its own shows which header it uses.
    const name = other ?? DEFAULT_KEY_HEADERS[provider];
    headers[name] = valueOf(name, apiKey);
  }
  return sent.query;
}

function valueOf(name: KeyHeader, apiKey: string): string {
  return name === 'authorization' ? `Bearer ${apiKey}` : apiKey;
}

/** `key` is a credential for Gemini; elsewhere only when it is the dummy. With `apiKey` null it is removed. */
function injectQueryKey(query: string, provider: Provider, apiKey: string | null): { query: string; placed: boolean } {
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

/** The query in the form that may be recorded: without any `key`. */
export function queryWithoutKey(query: string): string {
  if (!query.includes('key=')) return query;
  const parts = query
    .slice(1)
    .split('&')
    .filter((part) => !part.startsWith('key='));
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}
