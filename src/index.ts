/**
 * Runs experiments and reads what they left.
 *
 * @example
 * import { runExperiment } from 'stepwell';
 * const { runs } = await runExperiment({ config: 'config/experiment.yaml', frameworks: ['baseline'], rehearse: true });
 */
export { openArchive, verifyRun } from './archive/index.ts';
export { findRun, listRuns } from './catalog/index.ts';
export { StepwellError } from './errors/index.ts';
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
} from './experiment/index.ts';
export { getLogger, withRun, withStep } from './log/index.ts';
export type { Adapter, AdapterRun, AdapterStep, Finding, FrameworkClaim, PreflightIssue } from './run/index.ts';
export { followRecords, openRunDirectory, readRecords } from './store/index.ts';
export { computeMetrics, foldRun, LogSummarizer } from './summary/index.ts';
