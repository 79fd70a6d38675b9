/** All runs of an experiment. */
import type { SettingSource } from '../config/index.ts';
import { ExitCode } from '../errors/index.ts';
import { stepwellVersion } from '../store/index.ts';
import { hostFacts, projectFacts } from './host.ts';
import { startModel } from './model.ts';
import type { ExperimentOptions, ExperimentResult, RunResult } from './options.ts';
import { loadPlan } from './plan.ts';
import { Resources } from './resources.ts';
import { runAndSeal } from './run-and-seal.ts';
import { experimentError } from './errors.ts';

/**
 * Runs every framework for every round and seals each run. A run that fails is a result, not an error. Aborting `options.signal`
 * is none either: it resolves with the runs that had begun, sealed as `interrupted`.
 *
 * @param source how messages name the options: as members of `ExperimentOptions` (default), or as flags of the command line
 * @throws StepwellError, before anything was started or written, with CHECKS_FAILED for a blocking problem, or with one of the
 *   codes of `planExperiment`; later only with the system's error when the directory of a run cannot be made
 * @example
 * const { runs, exitCode } = await runExperiment({ config: 'config/experiment.yaml', frameworks: ['baseline'], rehearse: true });
 */
export async function runExperiment(options: ExperimentOptions, source?: SettingSource): Promise<ExperimentResult> {
  const { plan, resolved, adapters, cassette } = await loadPlan(options, source);
  if (plan.findings.length > 0) throw experimentError('CHECKS_FAILED', { findings: plan.findings });
  await using stack = new Resources();
  const [model, host, project] = await Promise.all([
    startModel(resolved, { cassette, strict: options.replayLoose !== true, record: plan.record }, stack),
    hostFacts(),
    projectFacts(resolved.directory),
  ]);
  options.onPlan?.(plan);
  const shared = { options, plan, resolved, adapters, model, host, project, stepwellVersion: stepwellVersion() };
  const runs = await mapConcurrently(plan.runs, {
    concurrency: plan.jobs,
    stop: () => options.signal?.aborted === true,
    work: async (planned) => await runAndSeal(shared, planned),
  });
  return { plan, runs, exitCode: exitCodeOf(runs) };
}

/** An incomplete record takes precedence over a failed run, since its numbers cannot be trusted. */
function exitCodeOf(runs: readonly RunResult[]): number {
  if (runs.some(({ record }) => record === 'incomplete')) return ExitCode.failure;
  return runs.some(({ status }) => status !== 'success') ? ExitCode.runFailed : ExitCode.ok;
}

/**
 * Does `work` for each item in order, `atOnce` at a time. `stop` keeps items from being begun; those are absent from the
 * result. An error keeps further items from being begun too, and is thrown when those already begun have ended.
 */
async function mapConcurrently<T, R>(
  items: readonly T[],
  { concurrency, stop, work }: { concurrency: number; stop: () => boolean; work: (item: T) => Promise<R> },
): Promise<R[]> {
  const results = new Map<number, R>();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length && !stop(); index = next++) {
      try {
        results.set(index, await work(items[index] as T));
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: concurrency }, worker));
  const failed = ended.find((worker) => worker.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}
