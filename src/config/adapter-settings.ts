/** What an adapter adds to the settings of its frameworks: the port that adapters fill, and the schema that comes of it. */
import { z } from 'zod';
import { ExperimentConfig, FrameworkSettings } from '../schema.ts';
import { entryOf } from './document.ts';

/**
 * How a key that leads somewhere is made absolute, relative to the configuration file. `program`: a name without a slash is looked up
 * on PATH. `command`: a list that begins with one. `repository`: a path, or an address of git, which stays. `install_dir`: where it is
 * not given, the directory in which all frameworks are set up.
 */
export type PathKind = 'program' | 'command' | 'repository' | 'install_dir';

export interface AdapterSettings {
  /** Its own keys; each is optional and described. */
  readonly keys: Readonly<Record<string, z.ZodType>>;
  readonly paths?: Readonly<Record<string, PathKind>>;
}

/** The adapters that there are, by name. One without `settings` takes every key that some other takes. */
export type AdapterTable = Readonly<Record<string, { readonly settings?: AdapterSettings }>>;

/** What an adapter takes; of one that is not known, or does not say, what any takes. */
export function settingsOf(adapter: string, table: AdapterTable): AdapterSettings {
  const own = Object.hasOwn(table, adapter) ? table[adapter]?.settings : undefined;
  if (own !== undefined) return own;
  const all = Object.values(table).flatMap(({ settings }) => settings ?? []);
  const keys = Object.assign({}, ...all.map((settings) => settings.keys)) as AdapterSettings['keys'];
  return { keys, paths: Object.assign({}, ...all.map(({ paths = {} }) => paths)) };
}

/** The names of the adapters that take a key. */
export function adaptersWith(key: string, table: AdapterTable): string[] {
  return Object.keys(table).filter((name) => Object.hasOwn(table[name]?.settings?.keys ?? {}, key));
}

/** The keys of every framework and those of its adapter. */
export function frameworkSchema({ keys }: AdapterSettings): z.ZodObject {
  const { adapter, enabled, model, ...rest } = FrameworkSettings.shape;
  return z.strictObject({ adapter, enabled, model, ...keys, ...rest });
}

/** The experiment's schema in which each framework of the file has the keys of its adapter. */
export function experimentSchema(written: unknown, table: AdapterTable): typeof ExperimentConfig {
  const frameworks = entryOf(written, 'frameworks');
  if (typeof frameworks !== 'object' || frameworks === null || Array.isArray(frameworks)) return ExperimentConfig;
  const own = Object.keys(frameworks).map((name) => {
    const adapter = entryOf(entryOf(frameworks, name), 'adapter');
    return [name, frameworkSchema(settingsOf(typeof adapter === 'string' ? adapter : name, table))] as const;
  });
  // The same shape, narrower: what it accepts is an experiment.
  return ExperimentConfig.extend({ frameworks: z.strictObject(Object.fromEntries(own)) }) as unknown as typeof ExperimentConfig;
}
