/** What the tests of ChatDev share: an experiment of the default steps, and a model whose answers are as new as the real ones. */
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { parse, stringify } from 'yaml';
import { recipes } from '../../src/frameworks/index.ts';
import { startRehearsal } from '../../src/rehearsal/index.ts';
import type { SetupSettings } from '../../src/setup/index.ts';
import { fakeSetup, PYTHON, PYTHON_VERSION } from './fake-setup.ts';

const CONFIG = join(import.meta.dirname, '../../config');

/** A set-up of the fake of `fake/run.py`. @returns the install_dir for its settings */
export function fakeChatDev(root: string): string {
  const recipe = recipes['chatdev']!;
  const installDir = fakeSetup(root, recipe, ['run.py']);
  for (const file of recipe.requires.filter((each) => each !== 'run.py')) {
    const path = join(installDir, `chatdev@${recipe.commit}`, 'source', file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '{}');
  }
  addPip(join(installDir, `chatdev@${recipe.commit}`, 'env'));
  return installDir;
}

/** Makes an environment of it with a pip of its own, as a set-up has: what the machine's Python keeps beside itself is not in it. */
function addPip(environment: string): void {
  const pip = join(environment, 'lib', `python${PYTHON_VERSION}`, 'site-packages/pip');
  mkdirSync(pip, { recursive: true });
  writeFileSync(join(pip, '__main__.py'), "print('pip 99 of the set-up')\n");
  writeFileSync(join(environment, 'pyvenv.cfg'), `home = ${dirname(PYTHON ?? '/nowhere')}\n`);
}

/** The default experiment with ChatDev alone, without second attempts, and with a model behind an endpoint. @returns its file */
export function writeExperiment(root: string, baseUrl: string, settings: Partial<SetupSettings>): string {
  const { steps, validation } = parse(readFileSync(join(CONFIG, 'experiment.yaml'), 'utf8'));
  const file = join(root, 'config/experiment.yaml');
  const experiment = {
    model: 'gpt-4o-mini',
    endpoint: { base_url: baseUrl },
    frameworks: { chatdev: settings },
    steps: steps.map((step: { prompt_file: string }) => ({ ...step, prompt_file: resolve(CONFIG, step.prompt_file) })),
    retries: { max_retries: 0 },
    validation,
  };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, stringify(experiment));
  return file;
}

/** The rehearsal behind a server that adds to each message the member which newer providers send. */
export async function startAnnotating(): Promise<{ baseUrl: string } & AsyncDisposable> {
  const rehearsal = await startRehearsal({ rulesDir: join(CONFIG, 'rehearsal'), strict: true });
  const server = createServer(async (request, response) => {
    const answer = await fetch(`${rehearsal.baseUrl}${(request.url ?? '').replace('/v1', '')}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: await readText(request),
    });
    const body = (await answer.json()) as { choices?: { message: object }[] };
    for (const choice of body.choices ?? []) choice.message = { ...choice.message, annotations: [] };
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rehearsal.close();
    },
  };
}
