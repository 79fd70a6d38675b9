/** `stepwell setup`: fetches frameworks and makes their Python environments, once for all runs. */
import { resolve } from 'node:path';
import { adapters, recipes } from '../../frameworks/index.ts';
import { describeRecord, setUp, type Recipe, type SetupResult, type SetupSettings } from '../../setup/index.ts';
import { ExitCode, StepwellError } from '../../errors/index.ts';
import { interruptOnSignals } from '../../experiment/index.ts';
import { loadConfig } from '../../config/index.ts';
import { exitCodeOf, failureFacts, reportFailure } from '../failure.ts';
import { sanitizeJson, sanitizeLine } from '../../terminal/index.ts';
import { note, print } from '../output.ts';
import { shownPath, type CommonOptions } from '../runs-dir.ts';
import { cliError } from '../errors.ts';

interface SetupOptions extends CommonOptions {
  readonly json?: boolean;
}

interface Wanted {
  readonly name: string;
  readonly recipe: Recipe;
  readonly settings: SetupSettings;
}

export async function run(names: readonly string[], options: SetupOptions): Promise<number> {
  using interruption = interruptOnSignals({ onFirst: () => note('Setup interrupted. Unfinished parts are discarded.') });
  let exitCode: number = ExitCode.ok;
  for (const { name, recipe, settings } of wanted(names, options)) {
    const say = options.json === true ? () => {} : (line: string): void => note(`${name}: ${line}`);
    try {
      const result = await setUp(recipe, { settings, signal: interruption.signal, onMessage: say });
      await print(options.json === true ? sanitizeJson({ name, ...result }) : lineOf(name, result));
    } catch (error) {
      if (interruption.exitCode !== null) return interruption.exitCode;
      // One that fails is no reason to leave the others without theirs.
      if (options.json === true) await print(sanitizeJson({ name, action: 'failed', error: failureFacts(error) }));
      const failed = options.json === true ? exitCodeOf(error) : reportFailure(error);
      if (exitCode === ExitCode.ok) exitCode = failed;
    }
  }
  return exitCode;
}

function lineOf(name: string, { action, directory, record }: SetupResult): string {
  const done = action === 'made' ? 'is set up' : 'was already set up';
  return sanitizeLine(`${name} ${done}: ${describeRecord(record)}, in ${shownPath(directory)}`);
}

/**
 * By the names of the configuration; where it does not name a framework that stepwell knows, that one as it comes. `all` are those
 * of the configuration, and every one that stepwell knows where there is none.
 */
function wanted(names: readonly string[], options: CommonOptions): Wanted[] {
  const configured = configuredFrameworks(options);
  const known = [...new Set([...(configured?.keys() ?? []), ...Object.keys(recipes)])];
  const asked = names.flatMap((name) => (name === 'all' ? [...(configured?.keys() ?? known)] : [name]));
  if (asked.length === 0) throw cliError('NOTHING_TO_SET_UP', { known });
  return [...new Set(asked)].map((name) => wantedOf(name, configured, known));
}

function wantedOf(name: string, configured: ReadonlyMap<string, Wanted> | null, known: readonly string[]): Wanted {
  const recipe = recipes[name];
  const found = configured?.get(name) ?? (recipe === undefined ? undefined : { name, recipe, settings: asItComes() });
  if (found === undefined) throw cliError('SETUP_UNKNOWN', { framework: name, known });
  return found;
}

function asItComes(): SetupSettings {
  const set = process.env['STEPWELL_FRAMEWORKS_DIR'] ?? '';
  return { enabled: true, env: {}, install_dir: resolve(set === '' ? 'frameworks' : set) };
}

/** Those of the configuration that are set up; null when there is no configuration. */
function configuredFrameworks({ config, runsDir }: CommonOptions): Map<string, Wanted> | null {
  const found = new Map<string, Wanted>();
  // Nobody is asked here, so no key is needed.
  const load = (frameworks?: readonly string[]) =>
    loadConfig({ file: config, flags: { runsDir, frameworks, rehearse: true }, adapters });
  let names: string[];
  try {
    names = Object.keys(load().config.frameworks);
  } catch (error) {
    if (error instanceof StepwellError && error.code === 'CONFIG_NOT_FOUND' && config === undefined) return null;
    throw error;
  }
  for (const name of names) {
    for (const { adapter, settings } of load([name]).frameworks) {
      const recipe = recipes[adapter];
      if (recipe !== undefined) found.set(name, { name, recipe, settings });
    }
  }
  return found;
}
