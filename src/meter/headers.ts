/** Which headers travel through the proxy. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** They describe one connection and not the message (RFC 9110, 7.6.1). */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** What is written anew for the upstream. */
const REPLACED = ['host', 'expect', 'accept-encoding'];

function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = { ...headers };
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  for (const name of [...HOP_BY_HOP, ...named]) delete kept[name];
  return kept;
}

/** Request headers for the upstream, the client's credentials still in them. */
export function upstreamHeaders(headers: IncomingHttpHeaders, host: string): OutgoingHttpHeaders {
  const kept = endToEnd(headers);
  for (const name of REPLACED) delete kept[name];
  kept['host'] = host;
  kept['accept-encoding'] = 'identity';
  return kept;
}

/** Answer headers for the client. `rewritten`: the body will not have the length or the encoding that they state. */
export function clientHeaders(headers: IncomingHttpHeaders, rewritten: boolean): OutgoingHttpHeaders {
  const kept = endToEnd(headers);
  if (rewritten) {
    delete kept['content-length'];
    delete kept['content-encoding'];
  }
  return kept;
}

/** Trailers for the client, or null when there are none. */
export function trailersOf(trailers: NodeJS.Dict<string>): OutgoingHttpHeaders | null {
  const kept = endToEnd(trailers);
  return Object.keys(kept).length === 0 ? null : kept;
}
