/** The provider behind a run: how requests to it are made, and how its key is covered where it repeats it. */
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

/**
 * Keeps the real key from the framework where an upstream repeats it in one answer, as some do in an error about it: as it is,
 * escaped, in a URL or in base64. The cover is as long as what it covers, so that lengths stated in headers stay true.
 */
export interface KeyMask {
  headers(headers: OutgoingHttpHeaders): OutgoingHttpHeaders;
  /** Covers the key wherever chunk borders lie; holds back the end of a chunk only while it may be the key's beginning. */
  push(chunk: Buffer): Buffer;
  /** What was held back when the body has ended. */
  end(): Buffer;
}

/** A form in which the key may appear. */
interface Form {
  readonly text: string;
  readonly bytes: Buffer;
  readonly cover: string;
}

const NOTHING: Buffer = Buffer.alloc(0);
const OPEN: KeyMask = { headers: (headers) => headers, push: (chunk) => chunk, end: () => NOTHING };

/** Makes a mask for each answer. */
export function keyMasks(apiKey: string | null): () => KeyMask {
  if (apiKey === null || apiKey.length < MIN_SECRET_LENGTH) return () => OPEN;
  const forms = secretForms(apiKey).map((text): Form => {
    const bytes = Buffer.from(text);
    return { text, bytes, cover: '*'.repeat(bytes.length) };
  });
  const letters = new Set(forms.flatMap(({ bytes }) => [...bytes]));
  return () => maskOf(forms, letters);
}

/** @param letters the bytes that occur in the forms */
function maskOf(forms: readonly Form[], letters: ReadonlySet<number>): KeyMask {
  let held = NOTHING;
  const covered = (value: string): string => forms.reduce((text, form) => text.replaceAll(form.text, form.cover), value);
  return {
    headers(headers) {
      if (!Object.values(headers).some((value) => forms.some(({ text }) => holds(value, text)))) return headers;
      const entries = Object.entries(headers).map(([name, value]) => [
        name,
        typeof value === 'string' ? covered(value) : Array.isArray(value) ? value.map(covered) : value,
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
          bytes.write(form.cover, at);
        }
      }
      const last = bytes.at(-1);
      // Mostly an end of line or a bracket, which goes on with nothing.
      const from = last !== undefined && letters.has(last) ? beginningOf(forms, bytes) : bytes.length;
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

function holds(value: OutgoingHttpHeader | undefined, text: string): boolean {
  if (Array.isArray(value)) return value.some((one) => one.includes(text));
  return typeof value === 'string' && value.includes(text);
}

/** Where, at the end of the bytes, the first of the forms may have begun; their length when none has. */
function beginningOf(forms: readonly Form[], bytes: Buffer): number {
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
