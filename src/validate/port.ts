import { createServer } from 'node:net';

/** Ports handed out and not yet given back, so that runs beside each other in one process never get the same one. */
const inUse = new Set<number>();

export interface ReservedPort extends Disposable {
  readonly port: number;
}

/** Never hand out this port in this process: some program sends requests to it unasked. */
export function excludePort(port: number): void {
  inUse.add(port);
}

/**
 * A TCP port of 127.0.0.1 that was free a moment ago.
 *
 * @param free asks the system for one
 * @throws the error of the system when it has none left
 */
export async function reservePort(free: () => Promise<number> = freePort): Promise<ReservedPort> {
  for (;;) {
    const port = await free();
    if (inUse.has(port)) continue;
    inUse.add(port);
    return { port, [Symbol.dispose]: () => void inUse.delete(port) };
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen({ host: '127.0.0.1', port: 0, exclusive: true }, () => {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    server.close(() => resolve(port));
  });
  return await promise;
}
