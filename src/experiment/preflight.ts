/**
 * What is looked at before anything is started, and without changing anything: the machine, then each framework. `doctor` prints
 * all of it, a run and its dry run what keeps them from starting.
 */
import { execFile } from 'node:child_process';
import { access, constants, lstat, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { ResolvedConfig, ResolvedFramework } from '../config/index.ts';
import { messageOf } from '../errors/index.ts';
import { bytes } from '../format/index.ts';
import { closeServer, listenOnLoopback } from '../loopback/index.ts';
import { loadPrices } from '../meter/index.ts';
import type { Adapter, Finding } from '../run/index.ts';

/** Below this a run would most likely not even keep its own logs. */
const LEAST_FREE_BYTES = 64 * 1024 * 1024;
const MIB = 1024 * 1024;

export interface PreflightCheck {
  /** `missing`: nothing runs without it. `later`: a run does without it. */
  readonly state: 'ok' | 'missing' | 'later';
  readonly what: string;
  /** Null when all is well. */
  readonly fix: string | null;
  /** As in `Finding`. */
  readonly code?: string;
}

/** Everything that keeps the experiment from starting; empty when it can start. */
export async function checkExperiment(
  resolved: ResolvedConfig,
  adapters: Readonly<Record<string, Adapter>>,
  { record }: { record: boolean },
): Promise<Finding[]> {
  const [machine, ...frameworks] = await Promise.all([
    checkMachine(resolved.runsDir),
    ...resolved.frameworks.map(async (framework) => await checkFramework(framework, resolved, adapters, { record })),
  ]);
  const missing = machine.flatMap(({ state, what, fix }) => (state === 'missing' && fix !== null ? [{ what, fix }] : []));
  return [...missing, ...frameworks.flat()];
}

/** What every run needs, whatever it runs. @param runsDir absolute; it need not be there yet */
export async function checkMachine(runsDir: string): Promise<PreflightCheck[]> {
  const checks = await Promise.all([
    checkProgram('git', 'missing', 'Install git, for example with `apt-get install git`, and put it on PATH.'),
    checkProgram('tar', 'later', 'Install tar; stepwell itself does without, but it is how archives are unpacked by hand.'),
    checkRunsDir(runsDir),
    checkPorts(),
  ]);
  return [ok(`Node.js ${process.versions.node}`), ...checks.map((check) => ({ ...check, what: withShownPaths(check.what) }))];
}

/** What keeps this framework from running; empty when it is ready. @param shownName what each sentence begins with */
export async function checkFramework(
  framework: ResolvedFramework,
  resolved: ResolvedConfig,
  adapters: Readonly<Record<string, Adapter>>,
  { record, shownName = framework.name }: { record: boolean; shownName?: string },
): Promise<Finding[]> {
  const adapter = adapters[framework.adapter];
  if (adapter === undefined) return [];
  const findings = [
    ...checkEndpoint(framework, { needed: adapter.needsEndpoint === true, record }, resolved),
    ...(await checkPrices(framework, resolved)),
    ...(await adapter.check(framework.settings, framework.name)),
  ];
  return findings.map((finding) => {
    // Some begin with the name themselves.
    const { what } = finding;
    const said = what.startsWith(`${framework.name} is `) ? what.slice(`${framework.name} is `.length) : what;
    return { ...finding, what: withShownPaths(`${shownName}: ${said}`) };
  });
}

/** Paths below the current directory as a person would type them. */
export function withShownPaths(text: string): string {
  return text.replaceAll(`${process.cwd()}/`, '');
}

function ok(what: string): PreflightCheck {
  return { state: 'ok', what, fix: null };
}

async function checkProgram(name: string, without: 'missing' | 'later', fix: string): Promise<PreflightCheck> {
  try {
    const { stdout } = await promisify(execFile)(name, ['--version'], { timeout: 10_000 });
    return ok(stdout.split('\n')[0] ?? name);
  } catch {
    return { state: without, what: `${name} could not be run.`, fix };
  }
}

/** The first of `path` and the directories above it that is there; a link counts, wherever it leads. */
async function nearestExisting(path: string): Promise<string> {
  const exists = await lstat(path).then(
    () => true,
    () => false,
  );
  return exists || dirname(path) === path ? path : await nearestExisting(dirname(path));
}

async function checkRunsDir(runsDir: string): Promise<PreflightCheck> {
  const place = await nearestExisting(runsDir);
  const found = await stat(place).catch(() => null);
  if (found === null) {
    const what = `${place} is a link that leads nowhere, so runs cannot be kept below it.`;
    return { state: 'missing', what, fix: 'Make the directory that it leads to, or name another place with --runs-dir.' };
  }
  if (!found.isDirectory()) {
    const what = `${place} is not a directory, so runs cannot be kept below it.`;
    return { state: 'missing', what, fix: 'Name another place with --runs-dir.' };
  }
  try {
    await access(place, constants.W_OK | constants.X_OK);
  } catch {
    const fix = 'Give yourself write permission there, or name another place with --runs-dir.';
    return { state: 'missing', what: `${place} cannot be written to.`, fix };
  }
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  if (free >= LEAST_FREE_BYTES) return ok(`${bytes(free)} free for ${runsDir}`);
  return {
    state: 'missing',
    what: `${place} has ${Math.floor(free / MIB)} MiB of free space; a run needs at least ${LEAST_FREE_BYTES / MIB} MiB.`,
    fix: 'Make space there, or name another place with --runs-dir.',
  };
}

/** The meter, the rehearsal and the services that are built listen on loopback. */
async function checkPorts(): Promise<PreflightCheck> {
  const server = createServer();
  try {
    await listenOnLoopback(server);
    await closeServer(server);
    return ok('ports of 127.0.0.1 can be opened');
  } catch (error) {
    const what = `No port of 127.0.0.1 can be opened: ${messageOf(error)}.`;
    return { state: 'missing', what, fix: 'Allow listening on the loopback interface.' };
  }
}

function checkEndpoint(
  { model, rehearsal, endpoint }: ResolvedFramework,
  { needed, record }: { needed: boolean; record: boolean },
  { replayOf }: ResolvedConfig,
): Finding[] {
  if (rehearsal || replayOf !== null || endpoint !== null) return [];
  const fix = 'Add endpoint: { base_url: …, api_key: ${OPENAI_API_KEY} }, or add --rehearse to try it without a model.';
  if (needed) return [{ what: `it asks the model ${JSON.stringify(model)}, but the configuration names no endpoint.`, fix }];
  return record ? [{ what: 'there is nothing to record of it: the configuration names no endpoint for it.', fix }] : [];
}

/** Under a limit on cost a call whose cost is unknown would be the last one, so that is said before the first. */
async function checkPrices({ model, endpoint }: ResolvedFramework, { config }: ResolvedConfig): Promise<Finding[]> {
  const { budgets, pricing } = config;
  const scope = (['run', 'experiment'] as const).find((each) => budgets[each].max_cost_usd !== undefined);
  if (scope === undefined || endpoint === null) return [];
  const prices = await loadPrices({ overrides: pricing.models, baseUrl: endpoint.baseUrl });
  if (prices.knows(model)) return [];
  return [
    {
      what: `budgets.${scope}.max_cost_usd limits the cost, but no price of the model ${JSON.stringify(model)} at ${endpoint.shownUrl} is known.`,
      fix: `Add its price in USD per million tokens: pricing: { models: { ${JSON.stringify(model)}: { input_price: …, output_price: … } } }; or limit max_tokens in place of max_cost_usd.`,
    },
  ];
}
