/** Settings of a reconciliation: flags override the environment, which overrides the run's own configuration. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf } from '../errors/index.ts';
import { resolveSettings } from '../config/index.ts';
import { ExperimentConfig, type ReconciliationConfig, type ReconciliationSettings } from '../schema/index.ts';
import { CONFIG_FILE } from '../store/index.ts';
import type { ReconcileOptions } from './options.ts';
import { reconcileError } from './errors.ts';

/** The part of a run's config.yaml that a reconciliation needs. */
const RunConfig = ExperimentConfig.pick({ endpoint: true, frameworks: true, reconciliation: true }).loose();
export type RunConfig = Pick<ExperimentConfig, 'endpoint' | 'frameworks' | 'reconciliation'>;

/** Reads the configuration of a run. @throws RECONCILE_CONFIG */
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

export type OverrideOptions = Pick<
  ReconcileOptions,
  'runsDir' | 'minAgeMinutes' | 'maxAgeHours' | 'apiKeyId' | 'projectId' | 'workspaceId' | 'env'
>;

/** The settings given by options or environment; others are absent. @throws CONFIG_INVALID */
export function settingOverrides({ env, ...options }: OverrideOptions): Partial<Settings> {
  const given = resolveSettings(
    ['runsDir', 'minAgeMinutes', 'maxAgeHours', 'intervalMinutes', 'requiredReadings', 'apiKeyId', 'projectId', 'workspaceId'],
    { options, env },
  );
  const found: { [K in keyof Settings]?: number | undefined } = {
    min_age_minutes: given.minAgeMinutes,
    max_age_hours: given.maxAgeHours,
    interval_minutes: given.intervalMinutes,
    required_readings: given.requiredReadings,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

export function settingsOf(config: ReconciliationConfig, overrides: Partial<Settings>): Settings {
  return { ...config, ...overrides };
}

/** The part that an attempt records. */
export function recordedSettings(settings: Settings): ReconciliationSettings {
  const { required_readings, interval_minutes, threshold_percent, max_age_hours } = settings;
  return { required_readings, interval_minutes, threshold_percent, max_age_hours };
}
