/** `stepwell doctor`: what is there, what is missing, and how to get it. Changes nothing. */
import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { adapters } from '../../adapters.ts';
import { ExitCode, StepwellError } from '../../errors.ts';
import { checkAdapters, loadConfig, type ResolvedConfig } from '../../run.ts';
import { paintFor, type Style } from '../colour.ts';
import { bytes } from '../columns.ts';
import { neutral, neutralJson, neutralLine } from '../neutral.ts';
import { print } from '../output.ts';
import { runsDirOf, shownPath, type CommonOptions } from '../runs-dir.ts';

interface DoctorOptions extends CommonOptions {
  readonly json?: boolean;
}

interface Line {
  /** `missing`: nothing runs without it. `not ready`: this framework does not. */
  readonly state: 'ok' | 'missing' | 'ready' | 'not ready';
  readonly what: string;
  readonly fix: string | null;
}

const STYLE: Record<Line['state'], Style> = { ok: 'green', ready: 'green', missing: 'red', 'not ready': 'yellow' };
const LEAST_FREE_BYTES = 64 * 1024 * 1024;

export async function run(_args: readonly string[], options: DoctorOptions): Promise<number> {
  const lines = [
    ok(`Node.js ${process.versions.node}`),
    await program('git', 'Install git, for example with `apt-get install git`, and put it on PATH.'),
    await program('tar', 'Install tar; stepwell itself does without, but it is how archives are unpacked by hand.'),
    await disk(runsDirOf(options)),
    ...(await configuration(options)),
  ];
  const missing = lines.filter((line) => line.fix !== null);
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
  const lines: Line[] = [ok(`${whole.shownFile}: ${whole.steps.length} steps`), ...modelLines(whole)];
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
    if (adapter.needsEndpoint === true && !resolved.rehearsal && framework.endpoint === null) {
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

function modelLines({ rehearsal, model, frameworks }: ResolvedConfig): Line[] {
  if (rehearsal) return [ok('model rehearsal: offline, needs no key')];
  const places = frameworks.map(({ endpoint }) => {
    if (endpoint === null) return `model ${model}: no endpoint is configured`;
    return `model ${model} at ${endpoint.baseUrl}, ${endpoint.apiKey === null ? 'no key configured' : 'key set'}`;
  });
  if (new Set(places).size <= 1) return places.slice(0, 1).map(ok);
  return places.map((place, index) => ok(`${frameworks[index]!.name}: ${place}`));
}
