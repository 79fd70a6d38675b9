/**
 * Settings that can be given outside the file: by a flag, by a caller of the library, by a variable. There is one rule for the
 * value of each, wherever it comes from. A flag or an option wins over a variable, a variable over the file.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { MAX_MINUTES, MAX_READINGS } from '../schema/limits.ts';
import { configError, type ConfigProblem } from './errors.ts';
import { ORIGINAL_VARIABLES } from './original-variables.ts';
import type { Environment } from './references.ts';
import { anyText, flag, level, number, text, usageId, wholeNumber, type SettingValue } from './setting-values.ts';
import { showValue } from './show-value.ts';
import { closestMatch } from './suggest.ts';

interface SettingRule {
  /** The noun phrase that names it in a message. */
  readonly noun: string;
  readonly value: SettingValue<unknown>;
  /** As it is typed: a flag, or the name of an argument. */
  readonly flag?: string;
  readonly variable?: string;
  /** The default; without one, the configuration file decides. */
  readonly preset?: string;
}

/** All runs are planned in memory before the first begins. */
const MAX_ROUNDS = 10_000;
const MAX_JOBS = 1000;

export const SETTINGS = {
  config: {
    noun: 'the configuration file',
    value: text,
    flag: '--config',
    variable: 'STEPWELL_CONFIG',
    preset: 'config/experiment.yaml',
  },
  runsDir: { noun: 'the directory of runs', value: text, flag: '--runs-dir', variable: 'STEPWELL_RUNS_DIR', preset: 'runs' },
  frameworksDir: {
    noun: 'the directory of frameworks',
    value: text,
    variable: 'STEPWELL_FRAMEWORKS_DIR',
    preset: 'frameworks',
  },
  model: { noun: 'the model’s name', value: text, flag: '--model', variable: 'STEPWELL_MODEL' },
  jobs: {
    noun: 'the number of parallel runs',
    value: wholeNumber(1, MAX_JOBS),
    flag: '--jobs',
    variable: 'STEPWELL_JOBS',
    preset: '1',
  },
  rounds: { noun: 'the number of rounds', value: wholeNumber(1, MAX_ROUNDS), flag: 'rounds', preset: '1' },
  // The steps are known only with the file, so the selection is checked then.
  steps: { noun: 'the selection of steps', value: anyText, flag: '--steps' },
  rehearse: { noun: 'whether this is a rehearsal', value: flag, flag: '--rehearse' },
  record: { noun: 'whether exchanges are recorded', value: flag, flag: '--record' },
  replay: { noun: 'the run to replay', value: text, flag: '--replay' },
  replayLoose: { noun: 'whether the replay is loose', value: flag, flag: '--replay-loose' },
  console: { noun: 'the lowest level of records on the terminal', value: level, flag: '--console' },
  minAgeMinutes: { noun: 'the minimum age of a run', value: number(0, MAX_MINUTES), flag: '--min-age' },
  maxAgeHours: { noun: 'the maximum age of a run', value: number(0, MAX_MINUTES / 60), flag: '--max-age' },
  intervalMinutes: {
    noun: 'the minimum time between two readings',
    value: number(0, MAX_MINUTES),
    variable: ORIGINAL_VARIABLES.intervalMinutes,
  },
  requiredReadings: {
    noun: 'the number of equal readings',
    value: wholeNumber(1, MAX_READINGS),
    variable: ORIGINAL_VARIABLES.requiredReadings,
  },
  apiKeyId: { noun: 'the id of a key', value: usageId, flag: '--api-key-id' },
  projectId: { noun: 'the id of a project', value: usageId, flag: '--project-id' },
  workspaceId: { noun: 'the id of a workspace', value: usageId, flag: '--workspace-id' },
} as const satisfies Readonly<Record<string, SettingRule>>;

export type SettingName = keyof typeof SETTINGS;
/** Settings that were given; the others are undefined. */
export type Settings<K extends SettingName> = {
  readonly [N in K]?: (typeof SETTINGS)[N]['value'] extends SettingValue<infer T> ? T : never;
};

/** Where settings come from besides variables, for messages: `--jobs`, or the option `jobs`. */
export type SettingSource = 'flags' | 'options';

export function settingName(name: SettingName, source: SettingSource): string {
  const { flag = name }: SettingRule = SETTINGS[name];
  return source === 'flags' ? flag : name;
}

/** Every variable that sets a setting. */
export const SETTING_VARIABLES: readonly string[] = Object.values<SettingRule>(SETTINGS).flatMap(
  ({ variable }) => variable ?? [],
);

export interface GivenSettings {
  /** As they were typed; messages name `--jobs`. */
  readonly flags?: Readonly<Partial<Record<SettingName, unknown>>>;
  /** Of a caller of the library; messages name `jobs`. */
  readonly options?: Readonly<Partial<Record<SettingName, unknown>>>;
  /** Default: `process.env`. A variable that is set but empty counts as not set. */
  readonly env?: Environment | undefined;
}

/** Reads the named settings, each from the first source that has it. Invalid values are passed to `refuse`. */
export function readSettings<K extends SettingName>(
  names: readonly K[],
  given: GivenSettings,
  refuse: (problem: ConfigProblem) => void,
): Settings<K> {
  const found: Partial<Record<SettingName, unknown>> = {};
  for (const name of names) {
    const rule: SettingRule = SETTINGS[name];
    const source = sourceOf(name, rule, given);
    if (source === null) continue;
    const value = parseNumberText(rule.value, source.value);
    if (rule.value.accepts(value)) found[name] = value;
    else refuse(problemOf(rule, source));
  }
  return found as Settings<K>;
}

/**
 * The same, but throws, for callers that read nothing else that could have problems.
 *
 * @throws CONFIG_INVALID, all problems in one error
 * @example const { jobs = 1 } = resolveSettings(['jobs'], { flags: { jobs: '3' } });
 */
export function resolveSettings<K extends SettingName>(names: readonly K[], given: GivenSettings): Settings<K> {
  const problems: ConfigProblem[] = [];
  const settings = readSettings(names, given, (problem) => problems.push(problem));
  if (problems.length > 0) throw configError('CONFIG_INVALID', { problems });
  return settings;
}

/** The directory of all runs, absolute; a relative value is resolved against `cwd`. @throws CONFIG_INVALID */
export function resolveRunsDir(given: GivenSettings, cwd: string = process.cwd()): string {
  return resolve(cwd, resolveSettings(['runsDir'], given).runsDir ?? SETTINGS.runsDir.preset);
}

/** @throws CONFIG_NOT_FOUND */
export function requireFile(file: string, cwd: string = process.cwd()): void {
  if (!existsSync(resolve(cwd, file))) throw configError('CONFIG_NOT_FOUND', { file, cwd });
}

interface Source {
  /** `--jobs`, `jobs` or `STEPWELL_JOBS`. */
  readonly where: string;
  readonly value: unknown;
}

function sourceOf(
  name: SettingName,
  { variable }: SettingRule,
  { flags, options, env = process.env }: GivenSettings,
): Source | null {
  if (flags?.[name] !== undefined) return { where: settingName(name, 'flags'), value: flags[name] };
  if (options?.[name] !== undefined) return { where: settingName(name, 'options'), value: options[name] };
  const value = variable === undefined ? '' : (env[variable] ?? '');
  return variable === undefined || value === '' ? null : { where: variable, value };
}

/** Flags and variables are texts; a number in them is written with digits alone, and a point where fractions are allowed. */
function parseNumberText({ accepts }: SettingValue<unknown>, value: unknown): unknown {
  if (accepts(value) || typeof value !== 'string' || !/^\s*\d+(?:\.\d+)?\s*$/.test(value)) return value;
  return Number(value);
}

function problemOf({ noun, value: { expected }, preset }: SettingRule, { where, value }: Source): ConfigProblem {
  const isBlank = typeof value === 'string' && value.trim() === '';
  return {
    where,
    sentence: isBlank ? `${noun} is empty.` : `${noun} is ${showValue(value)}, but must be ${expected}.`,
    fix: `Give ${expected}, or leave it out for ${preset ?? 'what the configuration says'}.`,
  };
}

/** Warns of variables that look like a misspelled setting, since nothing reads them. */
export function misspelledSettings(env: Environment): string[] {
  const known = SETTING_VARIABLES.filter((name) => name.startsWith('STEPWELL_'));
  return Object.keys(env)
    .filter((name) => name.startsWith('STEPWELL_') && !known.includes(name))
    .flatMap((name) => {
      const meant = closestMatch(
        name.slice(9),
        known.map((setting) => setting.slice(9)),
      );
      return meant === null ? [] : [`The environment variable ${name} is not read by stepwell; STEPWELL_${meant} is.`];
    });
}
