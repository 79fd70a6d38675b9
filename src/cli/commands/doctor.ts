/** `stepwell doctor`: what is there, what is missing, and how to get it. Changes nothing. */
import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { adapters } from '../../adapters.ts';
import { ExitCode, StepwellError } from '../../errors.ts';
import { accessOf } from '../../reconcile.ts';
import { checkAdapters, loadConfig, type ResolvedConfig, type ResolvedFramework } from '../../run.ts';
import { paintFor, type Style } from '../colour.ts';
import { bytes } from '../columns.ts';
import { neutral, neutralJson, neutralLine } from '../neutral.ts';
import { print } from '../output.ts';
import { runsDirOf, shownPath, type CommonOptions } from '../runs-dir.ts';

interface DoctorOptions extends CommonOptions {
  readonly json?: boolean;
}

interface Line {
  /** `missing`: nothing runs without it. `not ready`: this framework does not. `later`: only `reconcile` needs it. */
  readonly state: 'ok' | 'missing' | 'ready' | 'not ready' | 'later';
  readonly what: string;
  readonly fix: string | null;
}

const STYLE: Record<Line['state'], Style> = {
  ok: 'green',
  ready: 'green',
  missing: 'red',
  'not ready': 'yellow',
  later: 'yellow',
};
const LEAST_FREE_BYTES = 64 * 1024 * 1024;

export async function run(_args: readonly string[], options: DoctorOptions): Promise<number> {
  const lines = [
    ok(`Node.js ${process.versions.node}`),
    await program('git', 'Install git, for example with `apt-get install git`, and put it on PATH.'),
    await program('tar', 'Install tar; stepwell itself does without, but it is how archives are unpacked by hand.'),
    await disk(runsDirOf(options)),
    ...(await configuration(options)),
  ];
  const missing = lines.filter((line) => line.fix !== null && line.state !== 'later');
  if (options.json === true) {
    await print(neutralJson(lines));
  } else {
    const paint = paintFor(process.stdout);
    for (const { state, what, fix } of lines) {
      await print(`${paint(STYLE[state], state.padEnd(9))}  ${neutral(what)}`);
      if (fix !== null)
        await print(
          ...neutral(fix)
            .split('\n')
            .map((line) => `${' '.repeat(11)}fix: ${line}`),
        );
    }
  }
  return missing.length === 0 ? ExitCode.ok : ExitCode.usage;
}

function ok(what: string): Line {
  return { state: 'ok', what, fix: null };
}

async function program(name: string, fix: string): Promise<Line> {
  try {
    const { stdout } = await promisify(execFile)(name, ['--version'], { timeout: 10_000 });
    return ok(neutralLine(stdout.split('\n')[0] ?? name));
  } catch {
    return { state: 'missing', what: `${name} could not be run.`, fix };
  }
}

async function disk(runsDir: string): Promise<Line> {
  let place = runsDir;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  const { bavail, bsize } = await statfs(place);
  const what = `${bytes(bavail * bsize)} free for ${shownPath(runsDir)}`;
  if (bavail * bsize >= LEAST_FREE_BYTES) return ok(what);
  return { state: 'missing', what, fix: 'Make space there, or name another place with --runs-dir.' };
}

/** The configuration as a whole, then each of its frameworks on its own. */
async function configuration(options: CommonOptions): Promise<Line[]> {
  const load = (frameworks?: readonly string[]): ResolvedConfig => {
    const resolved = loadConfig({ file: options.config, flags: { runsDir: options.runsDir, frameworks } });
    checkAdapters(resolved, Object.keys(adapters));
    return resolved;
  };
  const attempt = (frameworks?: readonly string[]): ResolvedConfig | StepwellError => {
    try {
      return load(frameworks);
    } catch (error) {
      if (error instanceof StepwellError) return error;
      throw error;
    }
  };
  const whole = attempt();
  if (whole instanceof StepwellError) return [{ state: 'missing', what: whole.message, fix: whole.fix }];
  const lines: Line[] = [ok(`${whole.shownFile}: ${whole.steps.length} steps`), ...modelLines(whole), ...usageLines(whole)];
  for (const warning of whole.warnings) lines.push(ok(`warning: ${warning}`));
  for (const name of Object.keys(whole.config.frameworks)) {
    const resolved = attempt([name]);
    if (resolved instanceof StepwellError) {
      lines.push({ state: 'not ready', what: `${name}: ${resolved.message}`, fix: resolved.fix });
      continue;
    }
    const [framework] = resolved.frameworks;
    const adapter = adapters[framework?.adapter ?? ''];
    if (framework === undefined || adapter === undefined) continue;
    const findings = await adapter.check(framework.settings);
    if (adapter.needsEndpoint === true && !framework.rehearsal && framework.endpoint === null) {
      findings.push({
        what: 'it asks a model, but no endpoint is configured.',
        fix: 'Add endpoint to the configuration, or use --rehearse.',
      });
    }
    if (findings.length === 0) {
      const described = (await adapter.describe?.(framework.settings)) ?? null;
      const what = `${name} (adapter ${framework.adapter})${described === null ? '' : `: ${described}`}`;
      lines.push({ state: 'ready', what, fix: null });
    }
    for (const { what, fix } of findings) lines.push({ state: 'not ready', what: `${name}: ${what}`, fix });
  }
  return lines;
}

function modelLines({ frameworks }: ResolvedConfig): Line[] {
  return onceIfSame(frameworks, ({ model, rehearsal, endpoint }) => {
    if (rehearsal) return ok('model rehearsal: offline, needs no key');
    if (endpoint === null) return ok(`model ${model}: no endpoint is configured`);
    return ok(`model ${model} at ${endpoint.shownUrl}, ${endpoint.apiKey === null ? 'no key configured' : 'key set'}`);
  });
}

/** Who can be asked for the use afterwards, and whether there is a key for it. */
function usageLines({ rehearsal, config, frameworks }: ResolvedConfig): Line[] {
  if (rehearsal) return [];
  const metered = frameworks.filter(({ endpoint }) => endpoint !== null);
  return onceIfSame(metered, ({ name, endpoint }) => {
    const api = endpoint?.usageApi ?? null;
    if (api === null) return ok('reconcile: no provider’s usage API is known, so tokens are not compared with its figures');
    const access = accessOf(config, name, api.provider, process.env);
    if (access.status === 'missing') return { state: 'later', what: `reconcile: ${access.reason}`, fix: access.fix };
    const ids = [api.api_key_id, api.project_id, api.workspace_id].filter((id) => id !== null);
    const of = ids.length === 0 ? 'the whole organisation, since no id is configured' : ids.join(', ');
    return ok(`reconcile: ${api.provider}, admin key set; figures of ${of}`);
  });
}

/** One line where all frameworks have the same, else one for each with its name. */
function onceIfSame(frameworks: readonly ResolvedFramework[], lineOf: (framework: ResolvedFramework) => Line): Line[] {
  const lines = frameworks.map(lineOf);
  if (new Set(lines.map(({ what }) => what)).size <= 1) return lines.slice(0, 1);
  return lines.map((line, index) => ({ ...line, what: `${frameworks[index]!.name}: ${line.what}` }));
}
