/** Starts the service that a workspace holds, as a user would, and talks to it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Service extends AsyncDisposable {
  call(method: string, path: string, body?: unknown): Promise<{ status: number; json: any }>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export async function startService(workspace: string): Promise<Service> {
  const port = await freePort();
  const child = spawn(`${workspace}/start.sh`, [], {
    cwd: '/',
    env: { PATH: process.env['PATH'], PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stderr.on('data', (chunk) => (said += chunk));
  const exited = once(child, 'exit');
  const call: Service['call'] = async (method, path, body) => {
    const init = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, ...init });
    const text = await response.text();
    return { status: response.status, json: text === '' ? null : JSON.parse(text) };
  };
  const deadline = Date.now() + 20_000;
  for (;;) {
    const health = await call('GET', '/health').catch(() => null);
    if (health?.status === 200) break;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the service did not start: ${said}`);
    await delay(20);
  }
  return {
    call,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
