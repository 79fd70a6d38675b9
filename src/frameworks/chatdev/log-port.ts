/** ChatDev sends each line of its log to a page that may be open on this port, and waits for an answer without a limit. */
import { connect } from 'node:net';
import { keepFree } from '../../validate/index.ts';

export const LOG_PORT = 8000;

// It sends them whichever run they belong to: the application of another run must not be what listens there.
keepFree(LOG_PORT);

const PATIENCE_MS = 1000;

/** Whether a program on this machine would get those lines. */
export async function isListening(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: '127.0.0.1', port, timeout: PATIENCE_MS });
  socket.once('connect', () => resolve(true));
  socket.once('timeout', () => resolve(false));
  socket.once('error', () => resolve(false));
  const answer = await promise;
  socket.destroy();
  return answer;
}
