/** What flags and `STEPWELL_…` variables say. A flag wins over a variable, a variable over the file. */
import { resolve } from 'node:path';
import { nearest } from './nearest.ts';
import { configError } from './errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigFlags {
  readonly model?: string | undefined;
  readonly rehearse?: boolean | undefined;
  /** The recorded run that answers in place of a model: its id and the model that it was made with. */
  readonly replay?: { readonly runId: string; readonly model: string } | undefined;
  readonly runsDir?: string | undefined;
  readonly jobs?: number | string | undefined;
  readonly steps?: string | undefined;
  /** Names of the configuration, or `['all']`; undefined means all enabled ones. */
  readonly frameworks?: readonly string[] | undefined;
}

/** Every environment variable that stands in for a flag. */
export const SETTINGS = {
  STEPWELL_CONFIG: 'The configuration file, as --config.',
  STEPWELL_MODEL: 'The model, as --model.',
  STEPWELL_RUNS_DIR: 'The directory of all runs, as --runs-dir.',
  STEPWELL_FRAMEWORKS_DIR: 'Where frameworks are set up.',
  STEPWELL_JOBS: 'Runs at the same time, as --jobs.',
} as const;

export interface Setting {
  readonly value: string;
  /** `--model` or `STEPWELL_MODEL`. */
  readonly from: string;
}

/** The value of a flag, else of its variable, else null. A variable that is set but empty counts as not set. */
export function settingOf(
  flag: string,
  value: string | number | undefined,
  variable: keyof typeof SETTINGS,
  env: Environment,
): Setting | null {
  if (value !== undefined) return { value: String(value), from: flag };
  const set = env[variable];
  return set === undefined || set === '' ? null : { value: set, from: variable };
}

/** The directory of all runs, absolute: `--runs-dir`, else `STEPWELL_RUNS_DIR`, else `runs`; relative to the current directory. */
export function resolveRunsDir(options: { flag?: string | undefined; env: Environment; cwd: string }): string {
  const setting = settingOf('--runs-dir', options.flag, 'STEPWELL_RUNS_DIR', options.env);
  if (setting !== null && setting.value.trim() === '') {
    const problem = {
      where: setting.from,
      sentence: 'the directory of runs is empty.',
      fix: 'Name a directory, or leave it out for runs.',
    };
    throw configError('CONFIG_INVALID', { problems: [problem] });
  }
  return resolve(options.cwd, setting?.value ?? 'runs');
}

/** Variables that look like a misspelt setting: nothing would read them. */
export function misspeltSettings(env: Environment): string[] {
  const known = Object.keys(SETTINGS);
  return Object.keys(env)
    .filter((name) => name.startsWith('STEPWELL_') && !known.includes(name))
    .flatMap((name) => {
      const meant = nearest(
        name.slice(9),
        known.map((setting) => setting.slice(9)),
      );
      return meant === null ? [] : [`The environment variable ${name} is not read by stepwell; STEPWELL_${meant} is.`];
    });
}
