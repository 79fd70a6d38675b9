/**
 * Receives Spec Kit's calls of its agent: Spec Kit starts a stub program, which asks this server and exits with the code it gets. So
 * the adapter itself starts the agent, like any other agent, and no part of a prompt goes through a command line.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { shellQuote } from '../../exec/index.ts';

export interface AgentCallback extends AsyncDisposable {
  /** The stub that Spec Kit starts as its agent; absolute. */
  readonly program: string;
}

/** Runs the agent for one call. `signal` aborts when the stub is gone. Resolves with the exit code for the stub. */
export type HandleAgentCall = (args: readonly string[], signal: AbortSignal) => Promise<number>;

const Call = z.array(z.string());

/** Disposing it drops stubs that still wait. `handleCall` must not throw. */
export async function startAgentCallback(directory: string, attend: HandleAgentCall): Promise<AgentCallback> {
  const path = `/${randomBytes(16).toString('hex')}`;
  const pending = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const work = (async () => {
      if (request.url !== path) return void response.writeHead(404).end();
      const call = Call.safeParse(await json(request));
      if (!call.success) return void response.writeHead(400).end();
      const exitCode = await attend(call.data, gone.signal);
      response.end(String(exitCode));
    })().catch(() => void response.destroy());
    pending.add(work);
    void work.then(() => pending.delete(work));
  });
  // If writing the stub fails, nothing closes the server; it must not keep the process alive.
  server.unref().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    program: await writeAgentStub(directory, `http://127.0.0.1:${port}${path}`),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await Promise.all(pending);
    },
  };
}

/** A phase may take hours, so the stub waits without a time limit. */
async function writeAgentStub(directory: string, url: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const [program, script] = [join(directory, 'agent'), join(directory, 'agent.mjs')];
  await writeFile(
    script,
    `import { request } from 'node:http';
const fail = (error) => {
  console.error(\`stepwell did not answer: \${error.message}\`);
  process.exitCode = 1;
};
request(${JSON.stringify(url)}, { method: 'POST' }, (answer) => {
  let text = '';
  answer.setEncoding('utf8').on('data', (piece) => (text += piece));
  answer.on('end', () => (process.exitCode = /^\\d+$/.test(text) ? Number(text) : 1)).on('error', fail);
})
  .on('error', fail)
  .end(JSON.stringify(process.argv.slice(2)));
`,
  );
  await writeFile(program, `#!/bin/sh\nexec ${shellQuote(process.execPath)} ${shellQuote(script)} "$@"\n`);
  await chmod(program, 0o755);
  return program;
}
