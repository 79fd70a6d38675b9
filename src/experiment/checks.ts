/** What is looked at before anything is started. Every finding is collected, so that one look is enough. */
import { execFile } from 'node:child_process';
import { access, constants, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { loadPrices } from '../meter.ts';
import type { ResolvedConfig, ResolvedFramework } from '../config.ts';
import type { Adapter, Finding } from '../run.ts';

/** Below this a run would most likely not even keep its own logs. */
const LEAST_FREE_BYTES = 64 * 1024 * 1024;
const MIB = 1024 * 1024;

/** Looks without changing anything. An empty list means that the experiment can start. */
export async function checkExperiment(
  resolved: ResolvedConfig,
  adapters: Readonly<Record<string, Adapter>>,
  { record }: { record: boolean },
): Promise<Finding[]> {
  const found = await Promise.all([
    checkGit(),
    checkRunsDir(resolved.runsDir),
    checkPorts(),
    ...resolved.frameworks.map(async (framework) => {
      const { name, adapter, settings } = framework;
      const driver = adapters[adapter];
      if (driver === undefined) return [];
      const found = await driver.check(settings, name);
      return [
        ...checkEndpoint(framework, { needed: driver.needsEndpoint === true, record }, resolved),
        ...(await checkPrices(framework, resolved)),
        ...found.map(({ what, fix }): Finding => ({ what: `The framework ${name}: ${what}`, fix })),
      ];
    }),
  ]);
  return found.flat();
}

async function checkGit(): Promise<Finding[]> {
  try {
    await promisify(execFile)('git', ['--version'], { timeout: 10_000 });
    return [];
  } catch {
    return [{ what: 'git could not be run.', fix: 'Install git, for example with `apt-get install git`, and put it on PATH.' }];
  }
}

async function nearestExisting(path: string): Promise<string> {
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  return exists || dirname(path) === path ? path : await nearestExisting(dirname(path));
}

async function checkRunsDir(runsDir: string): Promise<Finding[]> {
  const place = await nearestExisting(runsDir);
  if (!(await stat(place)).isDirectory()) {
    return [
      { what: `${place} is not a directory, so runs cannot be kept below it.`, fix: 'Name another place with --runs-dir.' },
    ];
  }
  try {
    await access(place, constants.W_OK | constants.X_OK);
  } catch {
    return [
      {
        what: `${place} cannot be written to.`,
        fix: 'Give yourself write permission there, or name another place with --runs-dir.',
      },
    ];
  }
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  if (free >= LEAST_FREE_BYTES) return [];
  return [
    {
      what: `${place} has ${Math.floor(free / MIB)} MiB of free space; a run needs at least ${LEAST_FREE_BYTES / MIB} MiB.`,
      fix: 'Make space there, or name another place with --runs-dir.',
    },
  ];
}

/** The meter, the rehearsal and the services that are built listen on loopback. */
async function checkPorts(): Promise<Finding[]> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => {
      resolve([
        { what: `No port of 127.0.0.1 can be opened: ${error.message}.`, fix: 'Allow listening on the loopback interface.' },
      ]);
    });
    server.listen(0, '127.0.0.1', () => server.close(() => resolve([])));
  });
}

function checkEndpoint(
  { name, model, rehearsal, endpoint }: ResolvedFramework,
  { needed, record }: { needed: boolean; record: boolean },
  { replayOf }: ResolvedConfig,
): Finding[] {
  if (rehearsal || replayOf !== null || endpoint !== null) return [];
  const fix = 'Add endpoint: { base_url: …, api_key: ${OPENAI_API_KEY} }, or add --rehearse to try it without a model.';
  if (needed) {
    const what = `The framework ${name} asks the model ${JSON.stringify(model)}, but the configuration names no endpoint.`;
    return [{ what, fix }];
  }
  if (!record) return [];
  return [{ what: `There is nothing to record of the framework ${name}: the configuration names no endpoint for it.`, fix }];
}

/** Under a limit on cost a call whose cost is unknown would be the last one, so that is said before the first. */
async function checkPrices({ name, model, endpoint }: ResolvedFramework, { config }: ResolvedConfig): Promise<Finding[]> {
  const { budgets, pricing } = config;
  const scope = (['run', 'experiment'] as const).find((each) => budgets[each].max_cost_usd !== undefined);
  if (scope === undefined || endpoint === null) return [];
  const prices = await loadPrices({ overrides: pricing.models, baseUrl: endpoint.baseUrl });
  if (prices.knows(model)) return [];
  return [
    {
      what: `budgets.${scope}.max_cost_usd limits the cost, but no price of the model ${JSON.stringify(model)} at ${endpoint.shownUrl} is known (framework ${name}).`,
      fix: `Add its price in USD per million tokens: pricing: { models: { ${JSON.stringify(model)}: { input_price: …, output_price: … } } }; or limit max_tokens in place of max_cost_usd.`,
    },
  ];
}
