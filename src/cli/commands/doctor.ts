/** `stepwell doctor`: what is there, what is missing, and how to get it. Changes nothing. */
import { adapters } from '../../frameworks/index.ts';
import { pluralize } from '../../format/index.ts';
import { ExitCode, StepwellError } from '../../errors/index.ts';
import { checkFramework, checkMachine, withShownPaths, type PreflightCheck } from '../../experiment/index.ts';
import { usageApiAccess } from '../../reconcile/index.ts';
import { loadConfig, type ResolvedConfig, type ResolvedFramework } from '../../config/index.ts';
import { issueOf } from '../../run/index.ts';
import { type Style, paintFor, sanitize, sanitizeJson, wrap } from '../../terminal/index.ts';
import { asTyped } from '../called-as.ts';
import { columnsOf, print } from '../output.ts';
import { runsDirOf, type CommonOptions } from '../runs-dir.ts';

interface DoctorOptions extends CommonOptions {
  readonly json?: boolean;
}

interface Line extends Omit<PreflightCheck, 'state'> {
  /** Besides those of the machine. `not ready`: this framework does not run. `off`: nor does this one, which is not enabled, so that nothing is amiss. */
  readonly state: PreflightCheck['state'] | 'ready' | 'not ready' | 'off';
}

const STYLE: Record<Line['state'], Style> = {
  ok: 'green',
  ready: 'green',
  missing: 'red',
  'not ready': 'yellow',
  off: 'dim',
  later: 'yellow',
};
const INDENT = ' '.repeat(11);
const MOST_LINES = 40;

export async function run(_args: readonly string[], options: DoctorOptions): Promise<number> {
  const lines: Line[] = [...(await checkMachine(runsDirOf(options))), ...(await configuration(options))];
  const missing = lines.filter((line) => line.state === 'missing' || line.state === 'not ready');
  if (options.json === true) {
    await print(sanitizeJson(lines.map((line) => ({ ...line, fix: line.fix === null ? null : asTyped(line.fix) }))));
  } else {
    const paint = paintFor(process.stdout);
    for (const { state, what, fix } of lines) {
      const [first = '', ...more] = folded(sanitize(what));
      await print(`${paint(STYLE[state], state.padEnd(9))}  ${first}`, ...more.map((line) => `${INDENT}${line}`));
      const fixes = fix === null ? [] : sanitize(asTyped(fix)).split('\n');
      await print(...fixes.flatMap((each) => folded(`fix: ${each}`)).map((line) => `${INDENT}${line}`));
    }
  }
  return missing.length === 0 ? ExitCode.ok : ExitCode.usage;
}

/** Folded where somebody looks at it, with commits short enough to be read; for a program or a file a line stays one, and whole. */
function folded(text: string): string[] {
  const lines = text.split('\n');
  if (!process.stdout.isTTY) return lines;
  const columns = columnsOf(process.stdout) - INDENT.length;
  return lines.flatMap((line) => wrap(line.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{28}\b/g, '$1…'), columns, MOST_LINES));
}

function ok(what: string): Line {
  return { state: 'ok', what, fix: null };
}

/** The configuration as a whole, then each of its frameworks on its own. */
async function configuration(options: CommonOptions): Promise<Line[]> {
  const load = (frameworks?: readonly string[]): ResolvedConfig => {
    const flags = { runsDir: options.runsDir, frameworks };
    return loadConfig({ file: options.config, flags, adapters });
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
  if (whole instanceof StepwellError) return [{ state: 'missing', ...issueOf(whole) }];
  const lines: Line[] = [
    ok(`${whole.shownFile}: ${pluralize(whole.steps.length, 'step')}`),
    ...modelLines(whole),
    ...usageLines(whole),
  ];
  for (const warning of whole.warnings) lines.push(ok(`warning: ${warning}`));
  for (const [name, { enabled }] of Object.entries(whole.config.frameworks)) {
    lines.push(...(await frameworkLines(name, enabled, attempt([name]))));
  }
  return lines;
}

/** Whether a framework is ready and what it is, or why it is not. */
async function frameworkLines(name: string, enabled: boolean, resolved: ResolvedConfig | StepwellError): Promise<Line[]> {
  const state = enabled ? 'not ready' : 'off';
  const shownName = enabled ? name : `${name} (not enabled)`;
  if (resolved instanceof StepwellError) {
    const issue = issueOf(resolved);
    return [{ state, ...issue, framework: name, what: `${shownName}: ${issue.what}` }];
  }
  const [framework] = resolved.frameworks;
  const adapter = adapters[framework?.adapter ?? ''];
  if (framework === undefined || adapter === undefined) return [];
  const issues = await checkFramework(framework, resolved, adapters, { record: false, shownName });
  const driver = framework.adapter === name ? '' : ` with the adapter ${framework.adapter}`;
  if (issues.length === 0) {
    const described = (await adapter.describe?.(framework.settings)) ?? null;
    const what = `${shownName}${driver}${described === null ? '' : `: ${withShownPaths(described)}`}`;
    return [{ state: 'ready', what, fix: null }];
  }
  return issues.map((issue) => ({ state, ...issue }));
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
    if (api === null)
      return ok('reconcile: no provider usage API is configured, so measured tokens are not compared with its figures');
    const access = usageApiAccess(config, name, api.provider, process.env);
    if (access.status === 'missing') return { state: 'later', what: `reconcile: ${access.reason}`, fix: access.fix };
    const ids = [api.api_key_id, api.project_id, api.workspace_id].filter((id) => id !== null);
    const of = ids.length === 0 ? 'the whole organization, since no id is configured' : ids.join(', ');
    return ok(`reconcile: ${api.provider}, admin key set; figures of ${of}`);
  });
}

/** One line where all frameworks have the same, else one for each with its name. */
function onceIfSame(frameworks: readonly ResolvedFramework[], lineOf: (framework: ResolvedFramework) => Line): Line[] {
  const lines = frameworks.map(lineOf);
  if (new Set(lines.map(({ what }) => what)).size <= 1) return lines.slice(0, 1);
  return lines.map((line, index) => ({ ...line, what: `${frameworks[index]!.name}: ${line.what}` }));
}
