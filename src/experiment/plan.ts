/** From the options to what would be run, without starting anything. */
import { adapters as builtIn } from '../adapters.ts';
import { stepwellError } from '../errors.ts';
import { checkAdapters, loadConfig, type Adapter, type ResolvedConfig } from '../run.ts';
import { checkExperiment } from './checks.ts';
import type { ExperimentOptions, ExperimentPlan, PlannedRun } from './options.ts';

export interface LoadedPlan {
  readonly plan: ExperimentPlan;
  readonly resolved: ResolvedConfig;
  readonly adapters: Readonly<Record<string, Adapter>>;
}

function wholeNumber(name: string, value: number, atLeast: number): number {
  if (!Number.isSafeInteger(value) || value < atLeast) throw stepwellError('BAD_COUNT', { name, value, atLeast });
  return value;
}

/** @throws CONFIG_INVALID and the like; what the checks find stands in `findings` */
export async function loadPlan(options: ExperimentOptions): Promise<LoadedPlan> {
  const rounds = wholeNumber('rounds', options.rounds ?? 1, 1);
  const resolved = loadConfig({
    file: options.config,
    env: options.env ?? process.env,
    flags: {
      frameworks: options.frameworks,
      model: options.model,
      rehearse: options.rehearse,
      runsDir: options.runsDir,
      jobs: options.jobs,
      steps: options.steps,
    },
  });
  const adapters = { ...builtIn, ...options.adapters };
  checkAdapters(resolved, Object.keys(adapters));
  // Round by round, so that frameworks meet the same conditions of the day.
  const runs = Array.from({ length: rounds }, (_, index) =>
    resolved.frameworks.map(({ name, adapter }): PlannedRun => ({ framework: name, adapter, round: index + 1 })),
  ).flat();
  const plan: ExperimentPlan = {
    configFile: resolved.file,
    runsDir: resolved.runsDir,
    model: resolved.model,
    rehearsal: resolved.rehearsal,
    steps: resolved.steps.map(({ step, name, prompt_file, prompt_sha256 }) => ({ step, name, prompt_file, prompt_sha256 })),
    runs,
    jobs: Math.min(resolved.jobs, runs.length),
    findings: await checkExperiment(resolved, adapters),
  };
  return { plan, resolved, adapters };
}

/**
 * What `runExperiment` would do, and what stands in its way.
 *
 * @throws CONFIG_NOT_FOUND, CONFIG_UNREADABLE, CONFIG_INVALID, BAD_COUNT
 */
export async function planExperiment(options: ExperimentOptions): Promise<ExperimentPlan> {
  return (await loadPlan(options)).plan;
}
