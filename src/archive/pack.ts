/** Seals a run: its logs, derived files and workspace become `run.tar.gz`, once. */
import { lstatSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, StepwellError } from '../errors/index.ts';
import { metadataText, parseJsonAs, RunMetadata } from '../schema/index.ts';
import type { ArchiveFacts } from '../schema/index.ts';
import {
  ARCHIVE_FILE,
  ARCHIVE_INDEX_FILE,
  ARCHIVE_PARTIAL_FILE,
  byteSourceOf,
  CASSETTE_FILE,
  CHECKSUMS_FILE,
  COMMIT_FILE,
  CONFIG_FILE,
  HITL_FILE,
  EXCLUSIONS_FILE,
  LOGS_DIR,
  METADATA_FILE,
  METRICS_FILE,
  SUMMARY_FILE,
  syncDirectory,
  WORKSPACE_DIR,
} from '../store/index.ts';
import { checksumsText } from './format/checksums.ts';
import { createExclusion } from './exclusions.ts';
import { packFile, createPackBuffer } from './pack-file.ts';
import { indexText } from './format/index-file.ts';
import { damagedError } from './errors.ts';
import { SECRET_REASON, exclusionsText, maskSecretSegments } from './exclusions.ts';
import type { Exclusion } from './exclusions.ts';
import { contentsOf } from './format/member.ts';
import { scanArchive } from './format/reader.ts';
import { walkDirectory } from './walk.ts';
import { ArchiveWriter } from './writer.ts';
import { archiveError } from './errors.ts';

/** In this order, between the logs and the workspace; one that the run does not have is left out. */
const TOP_FILES = [METRICS_FILE, CONFIG_FILE, HITL_FILE, CASSETTE_FILE, COMMIT_FILE, SUMMARY_FILE];

export interface PackOptions {
  readonly runDir: string;
  /** The user's patterns of workspace paths to leave out, besides the built-in ones (see docs/archive.md). */
  readonly exclude: readonly string[];
  /**
   * A path of the workspace whose content, name or link target this is true for is left out and named. It is asked about whole
   * files up to 1 MiB and overlapping pieces of longer ones.
   */
  readonly containsSecret?: (bytes: Uint8Array) => boolean;
  /** The time of every member: when the run ended, so that packing it again gives the same bytes. */
  readonly modifiedAt: Date;
  /** The log files to pack and how many bytes of each, relative to the run directory. Default: every log file as it is. */
  readonly sealed?: { readonly files: Readonly<Record<string, number>> };
  /** Goes into the archive as metadata.json with `archive: null`, which anchors each of its facts in the archive's digest. */
  readonly metadata?: RunMetadata;
  /** Blocks compressed at a time, on zlib's threads. Default 4. */
  readonly concurrency?: number;
  /** zlib's, 1 to 9. Default 5: a third less time than 6, and 3 % more bytes for logs. */
  readonly level?: number;
}

/**
 * Packs the run and reads the archive back before it gets its name. Members are at the top, without a leading directory.
 * An archive that metadata.json does not know yet (the process died between the two) is replaced; a sealed one never is.
 *
 * @throws ARCHIVE_SEALED; ARCHIVE_SOURCE when a log or derived file cannot be read; ARCHIVE_NOT_WRITTEN for trouble with the disk
 */
export async function packRun(options: PackOptions): Promise<ArchiveFacts> {
  const archive = join(options.runDir, ARCHIVE_FILE);
  const partial = join(options.runDir, ARCHIVE_PARTIAL_FILE);
  await refuseSealed(options.runDir, archive);
  try {
    await mkdir(dirname(partial), { recursive: true });
    await rm(partial, { force: true });
    const file = await open(partial, 'wx+');
    try {
      const { facts, index } = await writeArchive(file, archive, options);
      await file.close();
      await rename(partial, archive);
      await syncDirectory(options.runDir);
      // Derived and rebuilt when missing, so a failure does not matter.
      await writeFile(join(options.runDir, ARCHIVE_INDEX_FILE), index).catch(() => {});
      return facts;
    } finally {
      await file.close().catch(() => {});
    }
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    if (error instanceof StepwellError) throw error;
    throw archiveError('ARCHIVE_NOT_WRITTEN', { archive, reason: messageOf(error) }, { cause: error });
  }
}

async function refuseSealed(runDir: string, archive: string): Promise<void> {
  if (lstatSync(archive, { throwIfNoEntry: false }) === undefined) return;
  const text = await readFile(join(runDir, METADATA_FILE), 'utf8').catch(() => '');
  // Unreadable metadata does not prove that the archive is not in use.
  if (parseJsonAs(RunMetadata, text)?.archive !== null) throw archiveError('ARCHIVE_SEALED', { archive });
}

async function writeArchive(
  file: FileHandle,
  archive: string,
  options: PackOptions,
): Promise<{ facts: ArchiveFacts; index: string }> {
  const writer = new ArchiveWriter(file, { level: options.level ?? 5, concurrency: options.concurrency ?? 4 });
  const excluded = await addMembers(writer, options);
  const { bytes, tarSha256 } = await writer.finish();
  await file.sync();

  const read = await scanArchive({ source: byteSourceOf(file, bytes), archive });
  const differs = writer.members.find((member, at) => JSON.stringify(member) !== JSON.stringify(read.members[at]));
  if (differs !== undefined || read.members.length !== writer.members.length) {
    throw damagedError({ archive }, differs?.path ?? null, 'what was read back is not what was written');
  }
  const facts = {
    name: ARCHIVE_FILE,
    bytes,
    sha256: read.sha256,
    tar_sha256: tarSha256,
    members: writer.members.length,
    contents: contentsOf(writer.members),
    excluded_secrets: excluded.secrets,
    skipped: excluded.skipped,
  };
  return { facts, index: indexText(bytes, writer.blocks, writer.members) };
}

async function addMembers(writer: ArchiveWriter, options: PackOptions): Promise<{ secrets: string[]; skipped: Exclusion[] }> {
  const { runDir } = options;
  const mtime = Math.max(0, Math.floor(options.modifiedAt.getTime() / 1000));
  const scratch = createPackBuffer();
  const secrets = new Set<string>();
  const skipped: Exclusion[] = [];
  /** A file of the record itself: without it there is no archive. */
  const addRecord = async (path: string, bytes: number | null): Promise<void> => {
    const source = join(runDir, path);
    const result = await packFile(writer, { source, path, mtime, bytes, containsSecret: null }, scratch);
    if (result.status === 'unreadable') throw archiveError('ARCHIVE_SOURCE', { path: source, reason: result.reason });
  };

  for (const { path, bytes } of logFiles(options, skipped)) await addRecord(path, bytes);
  for (const path of TOP_FILES) {
    if (lstatSync(join(runDir, path), { throwIfNoEntry: false }) !== undefined) await addRecord(path, null);
  }
  const addText = async (path: string, text: string): Promise<void> => {
    const content = Buffer.from(text);
    await writer.add({ type: 'file', path, bytes: content.length, executable: false, mtime, target: '' }, content);
  };
  if (options.metadata !== undefined) await addText(METADATA_FILE, metadataText({ ...options.metadata, archive: null }));

  const containsSecret = options.containsSecret ?? null;
  for (const item of walkDirectory(runDir, WORKSPACE_DIR, createExclusion(options.exclude))) {
    const shownPath = containsSecret === null ? item.path : maskSecretSegments(item.path, containsSecret);
    if (item.kind === 'skipped') {
      skipped.push({ path: shownPath, reason: item.reason });
    } else if (shownPath !== item.path) {
      secrets.add(shownPath);
    } else if (item.kind === 'link') {
      if (containsSecret?.(Buffer.from(item.target)) === true) secrets.add(item.path);
      else await writer.add({ type: 'link', path: item.path, bytes: 0, executable: false, mtime, target: item.target });
    } else if (item.kind === 'empty_directory') {
      await writer.add({ type: 'directory', path: item.path, bytes: 0, executable: false, mtime, target: '' });
    } else {
      const result = await packFile(
        writer,
        { source: join(runDir, item.path), path: item.path, mtime, bytes: null, containsSecret },
        scratch,
      );
      if (result.status === 'secret') secrets.add(item.path);
      if (result.status === 'unreadable') skipped.push({ path: item.path, reason: result.reason });
    }
  }
  const exclusions = [...skipped, ...[...secrets].map((path) => ({ path, reason: SECRET_REASON }))];
  if (exclusions.length > 0) await addText(EXCLUSIONS_FILE, exclusionsText(exclusions));
  // Last, since only now every digest is that of the bytes that were packed, however the files changed meanwhile.
  await addText(CHECKSUMS_FILE, checksumsText(writer.members));
  return { secrets: [...secrets], skipped };
}

/** The log files in the archive's order; what else lies among them is named in `skipped`. */
function* logFiles(options: PackOptions, skipped: Exclusion[]): Generator<{ path: string; bytes: number | null }> {
  const sealed = options.sealed?.files;
  const missing = new Set(Object.keys(sealed ?? {}));
  for (const item of walkDirectory(options.runDir, LOGS_DIR, () => false)) {
    if (item.kind === 'skipped') skipped.push({ path: item.path, reason: item.reason });
    if (item.kind === 'link') skipped.push({ path: item.path, reason: 'a link among the logs' });
    if (item.kind !== 'file' || (sealed !== undefined && !Object.hasOwn(sealed, item.path))) continue;
    missing.delete(item.path);
    yield { path: item.path, bytes: sealed?.[item.path] ?? null };
  }
  for (const path of missing) {
    throw archiveError('ARCHIVE_SOURCE', { path: join(options.runDir, path), reason: 'it was sealed and is not there' });
  }
}
