/**
 * Reads runs: finds and lists them, opens one in its directory or inside its archive, follows one that is being written, folds its
 * records into a summary, computes its metrics, checks it. It loads nothing that runs an experiment or writes a log, and the schemas only
 * when records are folded or a run is checked.
 *
 * @example
 * import { findRun, foldRun, openRun } from 'stepwell/read';
 * await using source = await openRun(await findRun('runs', 'latest'));
 * const { status, usage } = await foldRun(source);
 */
import type { VerifyReport } from './archive/index.ts';
import type { RunSummary } from './schema/index.ts';
import type { ReadItem, RunSource } from './store/index.ts';
import type { FoldOptions, RunFold } from './summary/index.ts';

export { openArchive, openArchiveBytes } from './archive/open.ts';
export type { CheckedThing, VerifyItem, VerifyReport } from './archive/index.ts';
export { findRun, listRuns, openRun, type CatalogRun, type FoundRun, type RunList, type RunState } from './catalog/index.ts';
export { StepwellError, type ErrorText } from './errors/index.ts';
export type {
  ArchiveFacts,
  EventMetadata,
  EventName,
  LogRecord,
  ManifestEntry,
  RunMetrics,
  RunStatus,
  RunSummary,
  StepSummary,
} from './schema/index.ts';
export {
  followRecords,
  followRun,
  openRunDirectory,
  parseRecord,
  readRecords,
  type ByteSource,
  type DamagedLine,
  type FilePart,
  type FilePosition,
  type FollowedItem,
  type FollowOptions,
  type FollowStart,
  type GrowingRun,
  type LineItem,
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
export type { FileSizes, FoldOptions, RecordedCall, RunDetails, RunFold } from './summary/index.ts';
export { computeMetrics } from './summary/metrics.ts';

/**
 * Folds a run, from its directory or from inside its archive: the same logs give the same summary. What is damaged in the logs is
 * counted in the summary and does not throw.
 *
 * @throws StepwellError with RUN_UNREADABLE, or ARCHIVE_DAMAGED where an archive does not hold what it should
 * @example await using source = await openRun(await findRun('runs', 'latest')); const { steps, usage } = await foldRun(source);
 */
export async function foldRun(source: RunSource): Promise<RunSummary> {
  const fold = await import('./summary/fold/fold.ts');
  return await fold.foldRun(source);
}

/** Folds lines to their end, such as those that `readRecords` gave and a filter let through. */
export async function foldRecords(items: AsyncIterable<ReadItem> | Iterable<ReadItem>): Promise<RunSummary> {
  const fold = await import('./summary/fold/fold.ts');
  return await fold.foldRecords(items);
}

/**
 * A fold that takes lines as they come and can be asked at any time: for a run that is still going on.
 *
 * @example
 * const fold = await createRunFold();
 * for await (const item of followRecords(dir)) { fold.push(item); show(fold.snapshot().steps); }
 */
export async function createRunFold(options: FoldOptions = {}): Promise<RunFold> {
  const fold = await import('./summary/fold/fold.ts');
  return fold.createRunFold(options);
}

/**
 * Checks a sealed run against everything that can be computed again: the archive byte by byte, and metadata, metrics and summary from
 * the logs inside. A difference is an item of the report, never an error.
 *
 * @param path of a run directory or of an archive alone
 * @throws StepwellError with ARCHIVE_MISSING where the run is not sealed, so that nothing can be checked; RUN_UNREADABLE
 *   where the archive cannot be read
 * @example const { ok, items } = await verifyRun('runs/baseline/20261122-141503-k3f9'); if (!ok) show(items);
 */
export async function verifyRun(path: string): Promise<VerifyReport> {
  const archive = await import('./archive/index.ts');
  return await archive.verifyRun(path);
}
