/**
 * Runs experiments and reads what they left.
 *
 * @example
 * import { runExperiment } from 'stepwell';
 * const { runs } = await runExperiment({ config: 'config/experiment.yaml', frameworks: ['baseline'], rehearse: true });
 */
export { openArchive, verifyRun } from './archive.ts';
export { findRun, listRuns } from './catalog.ts';
export { StepwellError } from './errors.ts';
export {
  planExperiment,
  recoverAll,
  recoverRun,
  runExperiment,
  type ExperimentOptions,
  type ExperimentPlan,
  type ExperimentResult,
  type ProgressEvent,
  type Recovery,
  type RunResult,
} from './experiment.ts';
export { getLogger, withRun, withStep } from './log.ts';
export type { Adapter, AdapterRun, AdapterStep, Finding, FrameworkClaim } from './run.ts';
export { followRecords, openRunDirectory, readRecords } from './store.ts';
export { computeMetrics, foldRun, LogSummarizer } from './summary.ts';
