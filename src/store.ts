/** Everything that knows files: their names, how they are written, read, followed, merged, locked and replaced. */
export * from './store/layout.ts';
export { AppendPool, type AppendFile, type AppendPoolOptions, type FileRecords } from './store/append.ts';
export { syncDirectory, writeFileAtomic } from './store/atomic.ts';
export { realDisk, type Disk } from './store/append/disk.ts';
export * from './store/errno.ts';
export { storeError } from './store/errors.ts';
export * from './store/process-identity.ts';
export * from './store/lease.ts';
export * from './store/lock.ts';
export { piecesOf, readRange, sha256Of, type ByteSource, type OpenBytes } from './store/read/byte-source.ts';
export { followRecords, followRun, type FollowedItem, type FollowOptions, type GrowingRun } from './store/read/follow.ts';
export { LineSplitter, type RawLine } from './store/read/lines.ts';
export { bytesOf, openLocalFile, sha256OfFile, type LocalFile } from './store/read/local-file.ts';
export { gitCommit, gitDirty, gitHasCommit } from './store/git.ts';
export { readRecords, logFilesOf, type ReadRecordsOptions } from './store/read/merge.ts';
export {
  parseRecord,
  readLogFile,
  type DamagedLine,
  type FilePosition,
  type ParsedRecord,
  type ReadItem,
  type RecordDefaults,
  type RecordItem,
} from './store/read/records.ts';
export { runsUnreadable, subdirectoriesOf } from './store/read/subdirectories.ts';
export { SeqCoverage } from './store/read/seq-coverage.ts';
export { openRunDirectory, type OpenRunDirectoryOptions } from './store/read/run-directory.ts';
export { readWhole, requireSmall, sourceOf, unreadable, type RunSource, type SourceFile } from './store/read/source.ts';
export {
  compareTrees,
  IGNORED_DIRECTORIES,
  snapshotTree,
  type Tree,
  type TreeChange,
  type TreeEntry,
} from './store/directory-digest.ts';
export { stepwellCommit, stepwellVersion } from './store/version.ts';
export { createGlob } from './store/glob.ts';
