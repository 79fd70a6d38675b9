/** Everything that knows files: their names, how they are written, read, followed, merged, locked and replaced. */
export * from './store/layout.ts';
export { AppendPool, type AppendFile, type AppendPoolOptions, type FileRecords } from './store/append.ts';
export { syncDirectory, writeFileAtomic } from './store/atomic.ts';
export { realDisk, type Disk } from './store/disk.ts';
export * from './store/errno.ts';
export { storeError } from './store/errors.ts';
export * from './store/identity.ts';
export * from './store/lease.ts';
export * from './store/lock.ts';
export { LineSplitter, type RawLine } from './store/lines.ts';
export { followRecords, type FollowOptions } from './store/follow.ts';
export { gitCommit, gitDirty, gitHasCommit } from './store/git.ts';
export { readRecords, logFilesOf, type ReadRecordsOptions } from './store/merge.ts';
export {
  parseRecord,
  readLogFile,
  type DamagedLine,
  type ParsedRecord,
  type ReadItem,
  type RecordDefaults,
  type RecordItem,
} from './store/read.ts';
export { SeqCoverage } from './store/seq-coverage.ts';
export { openRunDirectory, type OpenRunDirectoryOptions, type RunSource, type SourceFile } from './store/source.ts';
export { compareTrees, IGNORED_DIRECTORIES, snapshotTree, type Tree, type TreeChange, type TreeEntry } from './store/tree.ts';
export { stepwellCommit, stepwellVersion } from './store/version.ts';
export { createGlob } from './store/glob.ts';
