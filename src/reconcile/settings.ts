/** How a run is reconciled: flags above environment, environment above the run's own configuration. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { ExperimentConfig, ReconciliationConfig, type ReconciliationSettings } from '../schema.ts';
import { CONFIG_FILE } from '../store.ts';
import type { ReconcileOptions } from './options.ts';
import { reconcileError } from './errors.ts';

/** What config.yaml of a run says that reconciling needs. */
const RunConfig = ExperimentConfig.pick({ endpoint: true, frameworks: true, reconciliation: true }).loose();
export type RunConfig = Pick<ExperimentConfig, 'endpoint' | 'frameworks' | 'reconciliation'>;

/** Reads the configuration that a run was made with. @throws RECONCILE_CONFIG */
export async function readRunConfig(runDir: string): Promise<RunConfig> {
  const file = join(runDir, CONFIG_FILE);
  try {
    return RunConfig.parse(parse(await readFile(file, 'utf8')));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error).replace(/\s+/g, ' ') : messageOf(error);
    throw reconcileError('RECONCILE_CONFIG', { file, reason }, { cause: error });
  }
}

export interface Settings extends ReconciliationSettings {
  readonly min_age_minutes: number;
}

/** Variables of the original system that are still read. */
export const RECONCILE_VARIABLES = {
  interval: 'RECONCILIATION_VERIFICATION_INTERVAL_MIN',
  readings: 'RECONCILIATION_MIN_STABLE_VERIFICATIONS',
} as const;

export type SettingOptions = Pick<ReconcileOptions, 'minAgeMinutes' | 'maxAgeHours' | 'env'>;

/** What flags and environment say; undefined where they say nothing. @throws RECONCILE_SETTING */
export function outerSettings({ minAgeMinutes, maxAgeHours, env = process.env }: SettingOptions): Partial<Settings> {
  const { interval, readings } = RECONCILE_VARIABLES;
  const found: { [K in keyof Settings]?: number | undefined } = {
    min_age_minutes: flagOf('--min-age', minAgeMinutes, 'minutes'),
    max_age_hours: flagOf('--max-age', maxAgeHours, 'hours'),
    interval_minutes: variableOf(interval, env, {
      says: 'a number of minutes from 0 on, of at most ten years',
      isRight: (value) => ReconciliationConfig.shape.interval_minutes.safeParse(value).success,
    }),
    required_readings: variableOf(readings, env, {
      says: 'a whole number from 1 to 100',
      isRight: (value) => ReconciliationConfig.shape.required_readings.safeParse(value).success,
    }),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

export function settingsOf(config: ReconciliationConfig, outer: Partial<Settings>): Settings {
  return { ...config, ...outer };
}

/** The part that an attempt records. */
export function recordedSettings(settings: Settings): ReconciliationSettings {
  const { required_readings, interval_minutes, threshold_percent, max_age_hours } = settings;
  return { required_readings, interval_minutes, threshold_percent, max_age_hours };
}

function flagOf(flag: string, value: number | undefined, unit: string): number | undefined {
  if (value === undefined || (Number.isFinite(value) && value >= 0)) return value;
  throw reconcileError('RECONCILE_SETTING', { where: flag, value: String(value), wanted: `a number of ${unit} from 0 on` });
}

function variableOf(
  name: string,
  env: NodeJS.ProcessEnv,
  { says, isRight }: { says: string; isRight: (value: number) => boolean },
): number | undefined {
  const text = env[name]?.trim();
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && isRight(value)) return value;
  throw reconcileError('RECONCILE_SETTING', { where: name, value: text, wanted: says });
}
