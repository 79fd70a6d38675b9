/** ChatDev sends each log line to a page that may listen on this port, and waits for the answer without a time limit. */
import { connect } from 'node:net';
import { excludePort } from '../../validate/index.ts';

export const LOG_PORT = 8000;

// It sends them from every run, so the application of another run must not listen there.
excludePort(LOG_PORT);

const CONNECT_TIMEOUT_MS = 1000;

/** Whether a program on this machine would receive those lines. */
export async function isListening(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: '127.0.0.1', port, timeout: CONNECT_TIMEOUT_MS });
  socket.once('connect', () => resolve(true));
  socket.once('timeout', () => resolve(false));
  socket.once('error', () => resolve(false));
  const answer = await promise;
  socket.destroy();
  return answer;
}
