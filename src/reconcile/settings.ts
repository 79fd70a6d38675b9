/** How a run is reconciled: flags above environment, environment above the run's own configuration. */
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

export type OverrideOptions = Pick<
  ReconcileOptions,
  'runsDir' | 'minAgeMinutes' | 'maxAgeHours' | 'apiKeyId' | 'projectId' | 'workspaceId' | 'env'
>;

/** What options and environment say; undefined where they say nothing. @throws CONFIG_INVALID */
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

export function settingsOf(config: ReconciliationConfig, outer: Partial<Settings>): Settings {
  return { ...config, ...outer };
}

/** The part that an attempt records. */
export function recordedSettings(settings: Settings): ReconciliationSettings {
  const { required_readings, interval_minutes, threshold_percent, max_age_hours } = settings;
  return { required_readings, interval_minutes, threshold_percent, max_age_hours };
}
