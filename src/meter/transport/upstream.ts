/** The provider behind a run: how requests are sent to it, and how the real key is masked where a response repeats it. */
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { hasCredentials, MIN_SECRET_LENGTH, secretForms, withoutCredentials } from '../../secrets/index.ts';
import { meterError } from '../errors.ts';

export interface Upstream {
  /** Scheme, host and port, for messages. */
  readonly origin: string;
  /** Value of the `host` header. */
  readonly host: string;
  readonly apiKey: string | null;
  /** The upstream path for `path`, which is relative to the endpoint's root. */
  pathOf(path: string): string;
  send(method: string, path: string, headers: OutgoingHttpHeaders): ClientRequest;
  /** A mask for one response: replaces the real key in it. */
  newMask(): KeyMask;
}

/** Connection pools to providers, shared by all runs. */
export interface ConnectionPools {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  close(): void;
}

export function openConnectionPools(): ConnectionPools {
  // Idle connections are closed before servers close theirs, so a request seldom meets a connection that is being closed.
  // The proxy never retries: one request in is one request out, and the client's own retry is a separate call.
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

/** A version as the last path segment: `/v1`, `/v1beta`, `/v4`. */
const VERSION = /\/v\d+(?:\.\d+)?(?:alpha|beta|preview)?\d*$/i;

/** Largest headers of a request or a response: Node's default, 16 KB, is below the limit of many providers. */
export const MAX_HEADER_BYTES = 128 * 1024;

/** @throws UPSTREAM_URL_INVALID */
export function openUpstream(baseUrl: string, apiKey: string | null, connections: ConnectionPools): Upstream {
  const base = parseBase(baseUrl);
  const secure = base.protocol === 'https:';
  const start = secure ? httpsRequest : httpRequest;
  const versioned = base.pathname.replace(/\/+$/, '');
  const bare = versioned.replace(VERSION, '');
  const fixed = {
    agent: secure ? connections.https : connections.http,
    hostname: base.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: base.port === '' ? undefined : base.port,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  return {
    origin: base.origin,
    host: base.host,
    apiKey,
    // OpenAI clients get a base URL that ends in /v1, which maps to base_url. Anthropic and Gemini clients get the root URL
    // and add a version themselves.
    pathOf: (path) => (path === '/v1' || path.startsWith('/v1/') ? versioned + path.slice(3) || '/' : bare + path),
    send: (method, path, headers) => start({ ...fixed, method, path, headers }),
    newMask: keyMasks(apiKey),
  };
}

function parseBase(baseUrl: string): URL {
  // Passwords must not appear in messages.
  const shown = withoutCredentials(baseUrl);
  const refused = (reason: string): Error => meterError('UPSTREAM_URL_INVALID', { baseUrl: shown, reason });
  const base = URL.parse(baseUrl);
  if (base === null) throw refused('it is not a URL');
  if (base.protocol !== 'http:' && base.protocol !== 'https:')
    throw refused(`it begins with ${base.protocol} and not with http: or https:`);
  if (hasCredentials(base)) throw refused('it contains a user name or password; set the key in api_key');
  if (base.search !== '' || base.hash !== '') throw refused('it contains a query or fragment; a base URL must end in a path');
  return base;
}

/**
 * Hides the real key from the framework when a response repeats it, as some errors about keys do: in plain text, escaped, in a
 * URL or in base64. The mask has the length of what it replaces, so that lengths in headers stay correct.
 */
export interface KeyMask {
  headers(headers: OutgoingHttpHeaders): OutgoingHttpHeaders;
  /** Masks the key wherever chunk boundaries lie. Holds back the end of a chunk only if it may be the beginning of the key. */
  push(chunk: Buffer): Buffer;
  /** Returns what is still held back when the body has ended. */
  end(): Buffer;
}

/** One encoded form of the key: plain, escaped, in a URL or in base64. */
interface KeyForm {
  readonly text: string;
  readonly bytes: Buffer;
  readonly mask: string;
}

const NOTHING: Buffer = Buffer.alloc(0);
const NO_MASK: KeyMask = { headers: (headers) => headers, push: (chunk) => chunk, end: () => NOTHING };

/** Returns a function that creates a mask for each response. */
export function keyMasks(apiKey: string | null): () => KeyMask {
  if (apiKey === null || apiKey.length < MIN_SECRET_LENGTH) return () => NO_MASK;
  const forms = secretForms(apiKey).map((text): KeyForm => {
    const bytes = Buffer.from(text);
    return { text, bytes, mask: '*'.repeat(bytes.length) };
  });
  const keyBytes = new Set(forms.flatMap(({ bytes }) => [...bytes]));
  return () => maskOf(forms, keyBytes);
}

/** @param keyBytes all bytes that occur in the forms */
function maskOf(forms: readonly KeyForm[], keyBytes: ReadonlySet<number>): KeyMask {
  let held = NOTHING;
  const masked = (value: string): string => forms.reduce((text, form) => text.replaceAll(form.text, form.mask), value);
  return {
    headers(headers) {
      if (!Object.values(headers).some((value) => forms.some(({ text }) => headerContains(value, text)))) return headers;
      const entries = Object.entries(headers).map(([name, value]) => [
        name,
        typeof value === 'string' ? masked(value) : Array.isArray(value) ? value.map(masked) : value,
      ]);
      return Object.fromEntries(entries) as OutgoingHttpHeaders;
    },
    push(chunk) {
      let bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      let copied = false;
      for (const form of forms) {
        for (let at = bytes.indexOf(form.bytes); at >= 0; at = bytes.indexOf(form.bytes, at + form.bytes.length)) {
          if (!copied) bytes = Buffer.from(bytes);
          copied = true;
          bytes.write(form.mask, at);
        }
      }
      const last = bytes.at(-1);
      // Usually a newline or a bracket, which is not part of a key.
      const from = last !== undefined && keyBytes.has(last) ? partialMatchStart(forms, bytes) : bytes.length;
      held = bytes.subarray(from);
      return bytes.subarray(0, from);
    },
    end() {
      const rest = held;
      held = NOTHING;
      return rest;
    },
  };
}

function headerContains(value: OutgoingHttpHeader | undefined, text: string): boolean {
  if (Array.isArray(value)) return value.some((one) => one.includes(text));
  return typeof value === 'string' && value.includes(text);
}

/** The index at which one of the forms may begin at the end of the bytes; their length when none does. */
function partialMatchStart(forms: readonly KeyForm[], bytes: Buffer): number {
  let first = bytes.length;
  for (const { bytes: key } of forms) {
    let at = bytes.indexOf(key[0]!, Math.max(0, bytes.length - key.length + 1));
    while (at >= 0 && at < first && !bytes.subarray(at).equals(key.subarray(0, bytes.length - at))) {
      at = bytes.indexOf(key[0]!, at + 1);
    }
    if (at >= 0 && at < first) first = at;
  }
  return first;
}
