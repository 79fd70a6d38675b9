/**
 * The dummy key that frameworks get, and the real one that is put in its place. Clients send their key in different ways; the
 * real one goes where the client put the dummy.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import type { Provider } from './wire.ts';

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
 * Takes the client's credentials out of the headers and the query, and puts the real key, if there is one, in their place.
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
