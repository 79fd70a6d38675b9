/** All runs of an experiment. */
import { ExitCode } from '../errors.ts';
import { stepwellVersion } from '../store.ts';
import { hostFacts, projectFacts } from './host.ts';
import { startModel } from './model.ts';
import type { ExperimentOptions, ExperimentResult, RunResult } from './options.ts';
import { loadPlan } from './plan.ts';
import { inPool } from './pool.ts';
import { runOne } from './run-one.ts';
import { experimentError } from './errors.ts';

/**
 * Runs every framework for every round and seals each run. A run that fails is a result, not an error.
 *
 * @throws CONFIG_INVALID and the like, CHECKS_FAILED: nothing was started and no run directory exists
 * @example
 * const { runs, exitCode } = await runExperiment({ config: 'config/experiment.yaml', frameworks: ['baseline'], rehearse: true });
 */
export async function runExperiment(options: ExperimentOptions): Promise<ExperimentResult> {
  const { plan, resolved, adapters, cassette } = await loadPlan(options);
  if (plan.findings.length > 0) throw experimentError('CHECKS_FAILED', { findings: plan.findings });
  await using stack = new AsyncDisposableStack();
  const [model, host, project] = await Promise.all([
    startModel(resolved, { cassette, strict: options.replayLoose !== true, record: plan.record }, stack),
    hostFacts(),
    projectFacts(resolved.directory),
  ]);
  options.onPlan?.(plan);
  const shared = { options, plan, resolved, adapters, model, host, project, stepwellVersion: stepwellVersion() };
  const runs = await inPool(plan.runs, {
    atOnce: plan.jobs,
    stop: () => options.signal?.aborted === true,
    work: async (planned) => await runOne(shared, planned),
  });
  return { plan, runs, exitCode: exitCodeOf(runs) };
}

/** A record that is not complete weighs more than a run that did not succeed: its numbers cannot be trusted. */
function exitCodeOf(runs: readonly RunResult[]): number {
  if (runs.some(({ record }) => record === 'incomplete')) return ExitCode.failure;
  return runs.some(({ status }) => status !== 'success') ? ExitCode.runFailed : ExitCode.ok;
}
