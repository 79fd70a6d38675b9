/** Checks before anything starts, without changing anything: the machine, then each framework. `doctor` prints all of them, `run` the problems. */
import { execFile } from 'node:child_process';
import { access, constants, lstat, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { ResolvedConfig, ResolvedFramework } from '../config/index.ts';
import { messageOf } from '../errors/index.ts';
import { formatBytes } from '../format/index.ts';
import { closeServer, listenOnLoopback } from '../loopback/index.ts';
import { loadPrices } from '../meter/index.ts';
import type { Adapter, PreflightIssue } from '../run/index.ts';

/** With less, a run could probably not even store its own logs. */
const LEAST_FREE_BYTES = 64 * 1024 * 1024;
const MIB = 1024 * 1024;

export interface PreflightCheck {
  /** `missing`: nothing runs without it. `later`: runs work without it. */
  readonly state: 'ok' | 'missing' | 'later';
  readonly what: string;
  /** Null when the check passed. */
  readonly fix: string | null;
  /** As in `PreflightIssue`. */
  readonly code?: string;
  readonly framework?: string;
}

/** Everything that blocks the experiment; empty when it can start. */
export async function checkExperiment(
  resolved: ResolvedConfig,
  adapters: Readonly<Record<string, Adapter>>,
  { record }: { record: boolean },
): Promise<PreflightIssue[]> {
  const [machine, ...frameworks] = await Promise.all([
    checkMachine(resolved.runsDir),
    ...resolved.frameworks.map(async (framework) => await checkFramework(framework, resolved, adapters, { record })),
  ]);
  const missing = machine.flatMap(({ state, what, fix }) => (state === 'missing' && fix !== null ? [{ what, fix }] : []));
  return [...missing, ...frameworks.flat()];
}

/** What every run needs, whatever the framework. @param runsDir absolute; it need not exist yet */
export async function checkMachine(runsDir: string): Promise<PreflightCheck[]> {
  const checks = await Promise.all([
    checkProgram('git', 'missing', 'Install git, for example with `apt-get install git`, and put it on PATH.'),
    checkProgram('tar', 'later', 'Install tar. stepwell does not need it, but you need it to unpack archives by hand.'),
    checkRunsDir(runsDir),
    checkPorts(),
  ]);
  return [ok(`Node.js ${process.versions.node}`), ...checks.map((check) => ({ ...check, what: withShownPaths(check.what) }))];
}

/** What blocks this framework; empty when it is ready. @param shownName the name that each sentence begins with */
export async function checkFramework(
  framework: ResolvedFramework,
  resolved: ResolvedConfig,
  adapters: Readonly<Record<string, Adapter>>,
  { record, shownName = framework.name }: { record: boolean; shownName?: string },
): Promise<PreflightIssue[]> {
  const adapter = adapters[framework.adapter];
  if (adapter === undefined) return [];
  const issues = [
    ...checkEndpoint(framework, { needed: adapter.needsEndpoint === true, record }, resolved),
    ...(await checkPrices(framework, resolved)),
    ...(await adapter.check(framework.settings, framework.name)),
  ];
  return issues.map((issue) => {
    return { ...issue, framework: framework.name, what: withShownPaths(`${shownName}: ${issue.what}`) };
  });
}

/** Makes paths below the current directory relative. */
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

/** `path` or its closest existing parent; a link counts as existing, wherever it leads. */
async function closestExisting(path: string): Promise<string> {
  const exists = await lstat(path).then(
    () => true,
    () => false,
  );
  return exists || dirname(path) === path ? path : await closestExisting(dirname(path));
}

async function checkRunsDir(runsDir: string): Promise<PreflightCheck> {
  const place = await closestExisting(runsDir);
  const found = await stat(place).catch(() => null);
  if (found === null) {
    const what = `${place} is a broken symbolic link, so no runs can be stored below it.`;
    return {
      state: 'missing',
      what,
      fix: 'Create the directory that it points to, or pass another directory with --runs-dir (library: `runsDir`).',
    };
  }
  if (!found.isDirectory()) {
    const what = `${place} is not a directory, so no runs can be stored below it.`;
    return { state: 'missing', what, fix: 'Pass another directory with --runs-dir (library: `runsDir`).' };
  }
  try {
    await access(place, constants.W_OK | constants.X_OK);
  } catch {
    const fix = 'Grant write permission there, or pass another directory with --runs-dir (library: `runsDir`).';
    return { state: 'missing', what: `${place} is not writable.`, fix };
  }
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  if (free >= LEAST_FREE_BYTES) return ok(`${formatBytes(free)} free for ${runsDir}`);
  return {
    state: 'missing',
    what: `${place} has ${Math.floor(free / MIB)} MiB of free space; a run needs at least ${LEAST_FREE_BYTES / MIB} MiB.`,
    fix: 'Free disk space there, or pass another directory with --runs-dir (library: `runsDir`).',
  };
}

/** The meter, the rehearsal and the built services listen on loopback. */
async function checkPorts(): Promise<PreflightCheck> {
  const server = createServer();
  try {
    await listenOnLoopback(server);
    await closeServer(server);
    return ok('can listen on ports of 127.0.0.1');
  } catch (error) {
    const what = `Cannot listen on a port of 127.0.0.1: ${messageOf(error)}.`;
    return { state: 'missing', what, fix: 'Allow listening on the loopback interface.' };
  }
}

function checkEndpoint(
  { model, rehearsal, endpoint }: ResolvedFramework,
  { needed, record }: { needed: boolean; record: boolean },
  { replayOf }: ResolvedConfig,
): PreflightIssue[] {
  if (rehearsal || replayOf !== null || endpoint !== null) return [];
  const fix =
    'Add endpoint: { base_url: …, api_key: ${OPENAI_API_KEY} }, or add --rehearse (library: `rehearse`) to use the scripted offline model.';
  if (needed) return [{ what: `it needs the model ${JSON.stringify(model)}, but no endpoint is configured.`, fix }];
  return record ? [{ what: 'there is nothing to record, because no endpoint is configured for it.', fix }] : [];
}

/** With a cost limit, the first call of unknown cost would end the run, so missing prices are reported before the start. */
async function checkPrices({ model, endpoint }: ResolvedFramework, { config }: ResolvedConfig): Promise<PreflightIssue[]> {
  const { budgets, pricing } = config;
  const scope = (['run', 'experiment'] as const).find((each) => budgets[each].max_cost_usd !== undefined);
  if (scope === undefined || endpoint === null) return [];
  const prices = await loadPrices({ overrides: pricing.models, baseUrl: endpoint.baseUrl });
  if (prices.hasPrice(model)) return [];
  return [
    {
      what: `budgets.${scope}.max_cost_usd limits the cost, but the price of the model ${JSON.stringify(model)} at ${endpoint.shownUrl} is unknown.`,
      fix: `Add its price in USD per million tokens: pricing: { models: { ${JSON.stringify(model)}: { input_price: …, output_price: … } } }; or use max_tokens instead of max_cost_usd.`,
    },
  ];
}
