/** Everything that knows files: their names, how they are written, read, followed, merged, locked and replaced. */
export * from './layout.ts';
export { AppendPool, type AppendFile, type AppendPoolOptions, type FileNotices } from './append.ts';
export { syncDirectory, writeFileAtomic } from './atomic.ts';
export { realDisk, type Disk } from './append/disk.ts';
export * from './errno.ts';
export { storeError } from './errors.ts';
export { currentProcess, processState, type ProcessIdentity, type ProcessState } from './process-identity.ts';
export * from './lease.ts';
export * from './lock.ts';
export { readChunks, readRange, sha256Of, type ByteSource, type OpenBytes } from './read/byte-source.ts';
export {
  followRecords,
  followRun,
  type FollowedItem,
  type FollowOptions,
  type FollowStart,
  type GrowingRun,
} from './read/follow.ts';
export { LineSplitter, type RawLine } from './read/lines.ts';
export { byteSourceOf, openLocalFile, sha256OfFile, type LocalFile } from './read/local-file.ts';
export { gitCommit, gitDirty, gitHasCommit } from './git.ts';
export { readRecords, logFilesOf, type ReadRecordsOptions } from './read/merge.ts';
export {
  parseRecord,
  readLogFile,
  type DamagedLine,
  type FilePart,
  type FilePosition,
  type LineItem,
  type ParsedRecord,
  type ReadItem,
  type RecordDefaults,
  type RecordItem,
} from './read/records.ts';
export { runsUnreadableError, listSubdirectories } from './read/subdirectories.ts';
export { SeqCoverage } from './read/seq-coverage.ts';
export { openRunDirectory, type OpenRunDirectoryOptions } from './read/run-directory.ts';
export {
  readWholeFile,
  requireReadableSize,
  createRunSource,
  unreadableError,
  type RunSource,
  type SourceFile,
} from './read/source.ts';
export {
  compareDigests,
  IGNORED_DIRECTORIES,
  digestDirectory,
  type DirectoryDigest,
  type DirectoryChange,
  type EntryDigest,
} from './directory-digest.ts';
export { stepwellBuild, stepwellVersion } from './version.ts';
export { createGlob } from './glob.ts';
