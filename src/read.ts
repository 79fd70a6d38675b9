/**
 * Reads runs: finds and lists them, opens one in its directory or inside its archive, follows one that is being written, folds its
 * records into a summary, computes its metrics, checks it. It loads nothing that runs an experiment or writes a log.
 *
 * @example
 * import { findRun, foldRun, openRun } from 'stepwell/read';
 * await using source = await openRun(await findRun('runs', 'latest'));
 * const { status, usage } = await foldRun(source);
 */
export {
  openArchive,
  openArchiveBytes,
  verifyRun,
  type CheckedThing,
  type VerifyItem,
  type VerifyReport,
} from './archive/index.ts';
export { findRun, listRuns, openRun, type CatalogRun, type FoundRun, type RunList, type RunState } from './catalog/index.ts';
export { StepwellError } from './errors/index.ts';
export type { ArchiveFacts, LogRecord, ManifestEntry, RunMetrics, RunSummary } from './schema/index.ts';
export {
  followRecords,
  followRun,
  openRunDirectory,
  parseRecord,
  readRecords,
  type ByteSource,
  type DamagedLine,
  type FilePosition,
  type FollowedItem,
  type FollowOptions,
  type GrowingRun,
  type OpenBytes,
  type OpenRunDirectoryOptions,
  type ParsedRecord,
  type ReadItem,
  type ReadRecordsOptions,
  type RecordDefaults,
  type RecordItem,
  type RunSource,
  type SourceFile,
} from './store/index.ts';
export {
  computeMetrics,
  createRunFold,
  foldRecords,
  foldRun,
  type RecordedCall,
  type RunDetails,
  type RunFold,
} from './summary/index.ts';
