/** Which headers travel through the proxy. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

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
