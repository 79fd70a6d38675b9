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

/** The client's dummy credentials, and what is written anew for the upstream. */
const REPLACED = ['host', 'expect', 'accept-encoding', 'authorization', 'x-api-key', 'api-key'];

function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = { ...headers };
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  for (const name of [...HOP_BY_HOP, ...named]) delete kept[name];
  return kept;
}

/** Request headers for the upstream. The real key is put in here and nowhere else. */
export function upstreamHeaders(headers: IncomingHttpHeaders, host: string, apiKey: string | null): OutgoingHttpHeaders {
  const kept = endToEnd(headers);
  for (const name of REPLACED) delete kept[name];
  kept['host'] = host;
  kept['accept-encoding'] = 'identity';
  if (apiKey !== null) kept['authorization'] = `Bearer ${apiKey}`;
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
