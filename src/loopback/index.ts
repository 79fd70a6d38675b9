/** Servers on 127.0.0.1 for programs of this machine: the metering proxy, the replay and the rehearsal. */
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Starts listening on a free port of 127.0.0.1 and returns the port. */
export async function listenOnLoopback(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Resolves when the server accepts no more requests; open connections are closed. */
export async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** @param text the body, already JSON */
export function sendJson(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  const fixed = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  response.writeHead(status, { ...fixed, ...headers });
  response.end(text);
}
