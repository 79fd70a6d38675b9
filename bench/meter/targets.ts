/** What is measured: the stub itself, and the proxies in front of it, each a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Address } from './load.ts';

export interface Target {
  readonly name: string;
  readonly address: Address;
  /** Processor seconds of the proxy's processes so far; 0 for the stub itself, which stands behind all of them. */
  cpuSeconds(): number;
}

const MASTER_KEY = 'sk-bench-6f1d0c9b7a5e4d3c';
/** Of the kernel's clock ticks: 100 a second on every Linux. */
const TICKS = 100;

/** Starts everything; `directory` is scratch, `peers` where peers.sh has installed them. */
export async function startTargets(directory: string, peers: string): Promise<{ targets: Target[]; stop: () => void }> {
  const children: ChildProcess[] = [];
  const own = (script: string, ...args: string[]): ChildProcess =>
    keep(spawn(process.execPath, [join(import.meta.dirname, script), ...args], { stdio: ['ignore', 'pipe', 'inherit'] }));
  const keep = (child: ChildProcess): ChildProcess => {
    children.push(child);
    return child;
  };
  const stub = own('stub.ts');
  const baseUrl = `http://127.0.0.1:${await firstLine(stub)}/v1`;

  const stepwell = own('stepwell.ts', baseUrl, directory);
  const metered = await firstLine(stepwell);

  const portkeyPort = await freePort();
  const gateway = join(peers, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  const portkey = keep(spawn(process.execPath, [gateway, `--port=${portkeyPort}`, '--headless'], { stdio: 'ignore' }));

  const litellmPort = await freePort();
  const config = join(directory, 'litellm.json');
  const params = { model: 'openai/gpt-4o-mini', api_base: baseUrl, api_key: 'sk-none' };
  writeFileSync(config, JSON.stringify({ model_list: [{ model_name: 'gpt-4o-mini', litellm_params: params }] }));
  const litellm = keep(
    spawn(join(peers, 'litellm/bin/litellm'), ['--config', config, '--host', '127.0.0.1', '--port', String(litellmPort)], {
      stdio: 'ignore',
      env: { ...process.env, LITELLM_MASTER_KEY: MASTER_KEY, LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_TELEMETRY: 'False' },
    }),
  );
  await Promise.all([listening(portkeyPort), listening(litellmPort)]);

  const path = '/chat/completions';
  const target = (name: string, url: string, headers: Record<string, string>, child: ChildProcess | null): Target => ({
    name,
    address: { url: url + path, headers },
    cpuSeconds: () => (child === null ? 0 : cpuSecondsOf(child.pid ?? 0)),
  });
  const bearer = { authorization: 'Bearer sk-none' };
  return {
    targets: [
      target('direct', baseUrl, bearer, null),
      target('stepwell', metered, bearer, stepwell),
      target(
        'Portkey gateway',
        `http://127.0.0.1:${portkeyPort}/v1`,
        { ...bearer, 'x-portkey-provider': 'openai', 'x-portkey-custom-host': baseUrl },
        portkey,
      ),
      target('LiteLLM proxy', `http://127.0.0.1:${litellmPort}/v1`, { authorization: `Bearer ${MASTER_KEY}` }, litellm),
    ],
    stop: () => {
      for (const child of children) child.kill('SIGTERM');
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  return line;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** LiteLLM takes tens of seconds to start. */
async function listening(port: number): Promise<void> {
  const deadline = performance.now() + 120_000;
  for (;;) {
    const answered = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (answered) return;
    if (performance.now() > deadline) throw new Error(`nothing listens on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** User and system time of a process and of all processes below it, living ones. */
function cpuSecondsOf(pid: number): number {
  const parents = new Map<number, number>();
  const ticks = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      parents.set(Number(name), Number(fields[1]));
      ticks.set(Number(name), Number(fields[11]) + Number(fields[12]));
    } catch {
      // It ended meanwhile.
    }
  }
  const below = (id: number): number[] => [
    id,
    ...[...parents].filter(([, parent]) => parent === id).flatMap(([child]) => below(child)),
  ];
  return below(pid).reduce((sum, id) => sum + (ticks.get(id) ?? 0), 0) / TICKS;
}
