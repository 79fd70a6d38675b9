/** The section `frameworks`: keys by adapter, selection of frameworks, and each framework as a run uses it. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { ExperimentConfig, FrameworkSettings, type ValidationConfig } from '../schema/index.ts';
import { unsafeNameReason } from '../store/index.ts';
import { checksOf } from './checks.ts';
import { valueOfKey, type Report } from './file/document.ts';
import { REHEARSAL_MODEL } from './models.ts';
import { expandOrReport, collectSecretsOf, type ResolveContext } from './references.ts';
import type { ResolvedEndpoint, ResolvedFramework } from './resolved.ts';
import { didYouMean } from './suggest.ts';

/**
 * How a key that leads somewhere is made absolute, relative to the configuration file. `program`: a name without a slash is
 * looked up on PATH. `command`: a list that begins with one. `repository`: a path, or an address of git, which stays.
 * `install_dir`: where it is not given, the directory in which all frameworks are set up.
 */
export type PathKind = 'program' | 'command' | 'repository' | 'install_dir';

/**
 * The keys that an adapter adds to its frameworks in the configuration.
 *
 * @example
 * const keys = { binary: z.string().optional().describe('The program.') };
 * const settings: AdapterSettings = { keys, paths: { binary: 'program' } };
 */
export interface AdapterSettings {
  /** Its own keys; each is optional and described. */
  readonly keys: Readonly<Record<string, z.ZodType>>;
  /** Those of `keys` that lead somewhere, and how each is made absolute. */
  readonly paths?: Readonly<Record<string, PathKind>>;
}

/** Adapters by name. One without `settings` accepts every key that any other accepts. */
export type AdapterTable = Readonly<Record<string, { readonly settings?: AdapterSettings }>>;

/** The keys of an adapter; for one that is unknown or declares none, the keys of all adapters. */
export function settingsOf(adapter: string, table: AdapterTable): AdapterSettings {
  const own = Object.hasOwn(table, adapter) ? table[adapter]?.settings : undefined;
  if (own !== undefined) return own;
  const all = Object.values(table).flatMap(({ settings }) => settings ?? []);
  const keys = Object.assign({}, ...all.map((settings) => settings.keys)) as AdapterSettings['keys'];
  return { keys, paths: Object.assign({}, ...all.map(({ paths = {} }) => paths)) };
}

/** The keys of every framework and those of its adapter. */
export function frameworkSchema({ keys }: AdapterSettings): z.ZodObject {
  const { adapter, enabled, model, ...rest } = FrameworkSettings.shape;
  return z.strictObject({ adapter, enabled, model, ...keys, ...rest });
}

/** The experiment's schema in which each framework of the file has the keys of its adapter. */
export function experimentSchema(written: unknown, table: AdapterTable): typeof ExperimentConfig {
  const frameworks = valueOfKey(written, 'frameworks');
  if (typeof frameworks !== 'object' || frameworks === null || Array.isArray(frameworks)) return ExperimentConfig;
  const own = Object.keys(frameworks).map((name) => {
    const adapter = valueOfKey(valueOfKey(frameworks, name), 'adapter');
    return [name, frameworkSchema(settingsOf(typeof adapter === 'string' ? adapter : name, table))] as const;
  });
  // The same shape, narrower: what it accepts is an experiment.
  return ExperimentConfig.extend({ frameworks: z.strictObject(Object.fromEntries(own)) }) as unknown as typeof ExperimentConfig;
}

export function checkFrameworkNames(written: unknown, report: Report): void {
  const frameworks = valueOfKey(written, 'frameworks');
  if (typeof frameworks !== 'object' || frameworks === null || Array.isArray(frameworks)) return;
  const names = Object.keys(frameworks);
  if (names.length === 0) report.problem(['frameworks'], 'names no framework', 'Add one, such as baseline: {}.');
  for (const name of names) {
    const reason = nameProblem(name);
    if (reason === null) continue;
    const fix = 'Choose letters, digits, dots, underscores and hyphens; it becomes the name of a directory.';
    report.problem(['frameworks', name], `cannot be used as a name: ${reason}`, fix, 'key');
  }
}

function nameProblem(name: string): string | null {
  return name === 'all' ? 'it means all frameworks on the command line' : unsafeNameReason(name);
}

/**
 * Names without duplicates, in the requested order. A framework that is named runs even with `enabled: false`; `all` skips it.
 */
export function selectFrameworks(written: ExperimentConfig, asked: readonly string[] = ['all'], report: Report): string[] {
  const known = Object.keys(written.frameworks);
  const enabled = known.filter((name) => written.frameworks[name]!.enabled);
  if (asked.length === 0) {
    report.inputProblem('command line', 'no framework is given.', `Give one or more of: ${['all', ...known].join(', ')}.`);
  }
  const chosen = new Set<string>();
  for (const name of asked) {
    if (name === 'all') {
      for (const each of enabled) chosen.add(each);
    } else if (known.includes(name)) chosen.add(name);
    else {
      const fix = `${didYouMean(name, known)}The configuration has: ${known.join(', ')}.`;
      report.inputProblem('command line', `there is no framework ${JSON.stringify(name)}.`, fix);
    }
  }
  if (asked.includes('all') && enabled.length === 0 && known.length > 0) {
    report.problem(['frameworks'], 'has no enabled framework', 'Set enabled: true for one, or name one on the command line.');
  }
  return [...chosen];
}

/** Frameworks that `all` skips, since they are not enabled. */
export function disabledFrameworks(
  written: ExperimentConfig,
  asked: readonly string[] = ['all'],
  chosen: readonly string[],
): string[] {
  return asked.includes('all') ? Object.keys(written.frameworks).filter((name) => !chosen.includes(name)) : [];
}

/** Reports each framework whose adapter is not among the `known` ones. */
export function checkAdapters(frameworks: readonly ResolvedFramework[], known: readonly string[], report: Report): void {
  for (const { name, adapter, settings } of frameworks) {
    if (known.includes(adapter)) continue;
    const named = settings.adapter !== undefined;
    // An invalid name was reported already.
    if (!named && nameProblem(name) !== null) continue;
    const hint = !named && settings['command'] !== undefined ? 'Add adapter: command. ' : didYouMean(adapter, known);
    report.problem(
      named ? ['frameworks', name, 'adapter'] : ['frameworks', name],
      named
        ? `is ${JSON.stringify(adapter)}, but there is no such adapter`
        : `has no adapter, and no adapter is called ${JSON.stringify(name)}`,
      `${hint}Adapters: ${known.join(', ')}.`,
    );
  }
}

/** The framework with its environment expanded and the path of its program, if it is one, made absolute. */
export function resolveFramework(
  name: string,
  settings: FrameworkSettings,
  {
    adapters,
    directory,
    installDir,
    model,
    endpoint,
    keys,
    validation,
  }: {
    adapters: AdapterTable;
    directory: string;
    /** Where frameworks are set up that name no place of their own; absolute. */
    installDir: string;
    model: string;
    endpoint: ResolvedEndpoint | null;
    keys: readonly string[];
    /** The experiment's. */
    validation: ValidationConfig;
  },
  to: ResolveContext,
): ResolvedFramework {
  const env: Record<string, string> = {};
  for (const [variable, text] of Object.entries(settings.env)) {
    const path = ['frameworks', name, 'env', variable];
    const value = expandOrReport(path, text, to);
    if (value === null) continue;
    env[variable] = value;
    collectSecretsOf(variable, text, to);
    if (keys.some((key) => value.includes(key))) {
      to.report.warning(
        path,
        'passes the endpoint’s own key to the framework; calls that it makes with this key are not metered',
      );
    }
  }
  const adapter = settings.adapter ?? name;
  const places = resolvePaths(settings, settingsOf(adapter, adapters), { directory, installDir });
  return {
    name,
    adapter,
    model,
    rehearsal: model === REHEARSAL_MODEL,
    settings: { ...settings, model, ...places, env },
    endpoint,
    validation: checksOf(validation, settings.validation),
  };
}

/** The adapter's path keys, made absolute. */
function resolvePaths(
  settings: FrameworkSettings,
  { paths = {} }: AdapterSettings,
  { directory, installDir }: { directory: string; installDir: string },
): Record<string, unknown> {
  const program = (name: unknown): unknown => (typeof name === 'string' && name.includes('/') ? resolve(directory, name) : name);
  const absolute = (kind: PathKind, key: string): unknown => {
    const value = settings[key];
    // Checked by the adapter's schema.
    const text = value as string;
    switch (kind) {
      case 'program':
        return program(value);
      case 'command': {
        // Only the program is known to be a path.
        const [first, ...args] = value as unknown[];
        return [program(first), ...args];
      }
      case 'repository':
        // Git's `host:path` has a colon before its first slash.
        return /^[^/]*:/.test(text) ? text : resolve(directory, text);
      case 'install_dir':
        return value === undefined ? installDir : resolve(directory, text);
      default:
        return kind satisfies never;
    }
  };
  const given = Object.entries(paths).filter(([key, kind]) => kind === 'install_dir' || settings[key] !== undefined);
  return Object.fromEntries(given.map(([key, kind]) => [key, absolute(kind, key)]));
}
