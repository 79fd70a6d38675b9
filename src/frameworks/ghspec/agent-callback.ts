/**
 * Where Spec Kit's call of its agent arrives: what it starts is a program of a few lines that asks here and ends as it is told. So
 * the agent itself is started by the adapter, as any agent is, and nothing of a prompt goes over a command line.
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

export interface Desk extends AsyncDisposable {
  /** What Spec Kit is to start as its agent; absolute. */
  readonly program: string;
}

/** Does what an agent is called for. `signal` aborts when the caller is gone. Resolves with the exit code for the caller. */
export type Attend = (args: readonly string[], signal: AbortSignal) => Promise<number>;

const Call = z.array(z.string());

/** Where it is disposed, whoever still waits is gone. `attend` must not throw. */
export async function openDesk(directory: string, attend: Attend): Promise<Desk> {
  const path = `/${randomBytes(16).toString('hex')}`;
  const attended = new Set<Promise<void>>();
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
    attended.add(work);
    void work.then(() => attended.delete(work));
  });
  // Where its caller cannot be written nobody closes it, and nobody is to wait for it.
  server.unref().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    program: await writeCaller(directory, `http://127.0.0.1:${port}${path}`),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await Promise.all(attended);
    },
  };
}

/** A phase may take hours, so the caller waits without a limit. */
async function writeCaller(directory: string, url: string): Promise<string> {
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
