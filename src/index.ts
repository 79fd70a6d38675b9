/**
 * Runs experiments and reads what they left.
 *
 * @example
 * import { runExperiment } from 'stepwell';
 * const { runs } = await runExperiment({ config: 'config/experiment.yaml', frameworks: ['baseline'], rehearse: true });
 */
export { openArchive, verifyRun, type CheckedThing, type VerifyItem, type VerifyReport } from './archive/index.ts';
export { findRun, listRuns, type CatalogRun, type FoundRun, type RunList, type RunState } from './catalog/index.ts';
export { StepwellError, type ErrorText } from './errors/index.ts';
export {
  planExperiment,
  recoverAll,
  recoverRun,
  runExperiment,
  type ExperimentOptions,
  type ExperimentPlan,
  type ExperimentResult,
  type PlannedRun,
  type ProgressEvent,
  type RecoverOptions,
  type Recovery,
  type RunResult,
  type StartedRun,
} from './experiment/index.ts';
export { getLogger, withRun, withStep, type LogFields, type Logger, type RunOptions } from './log/index.ts';
export type { Adapter, AdapterEndpoint, AdapterRun, AdapterStep, Finding, FrameworkClaim, PreflightIssue } from './run/index.ts';
export {
  followRecords,
  openRunDirectory,
  readRecords,
  type DamagedLine,
  type FilePart,
  type FilePosition,
  type FollowedItem,
  type FollowOptions,
  type LineItem,
  type OpenBytes,
  type OpenRunDirectoryOptions,
  type ReadItem,
  type ReadRecordsOptions,
  type RecordItem,
  type RunSource,
  type SourceFile,
} from './store/index.ts';
export { computeMetrics, foldRun, LogSummarizer } from './summary/index.ts';
export type {
  ClaimedUsage,
  FrameworkSettings,
  Level,
  LogRecord,
  ManifestEntry,
  PlannedStep,
  RunMetrics,
  RunStatus,
  RunSummary,
} from './schema/index.ts';
export type { AdapterSettings, PathKind, SettingSource } from './config/index.ts';
