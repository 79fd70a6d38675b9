/** A run inside its archive, read in place: only the blocks of a file are decompressed. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf } from '../errors/index.ts';
import { CHECKSUMS_FILE, openLocalFile, requireReadableSize, storeError } from '../store/index.ts';
import type { LocalFile, OpenBytes, RunSource } from '../store/index.ts';
import { archiveError, damagedError } from './errors.ts';
import { checksumsText, parseChecksums } from './format/checksums.ts';
import { blocksOf, indexPath, indexText, loadIndex } from './format/index-file.ts';
import type { ArchivedFile, ArchiveIndex, IndexFile } from './format/index-file.ts';
import { refuseUnsafe } from './format/member.ts';
import type { ArchiveBlock } from './format/member.ts';
import { readBlocks, scanArchive } from './format/reader.ts';
import type { ArchiveBytes, ScannedArchive } from './format/reader.ts';

/**
 * Opens `run.tar.gz` for reading. With the index beside it nothing else is unpacked; without one the archive is read through
 * once and the index rebuilt. Every file read is compared with its digest.
 *
 * @param archive path of the file
 * @throws StepwellError with ARCHIVE_MISSING, ARCHIVE_UNRECOGNIZED, ARCHIVE_DAMAGED (also later, when a file is read),
 *   ARCHIVE_UNSAFE, RUN_UNREADABLE
 * @example
 * await using source = await openArchive('runs/baseline/20261122-141503-k3f9/run.tar.gz');
 * for (const { path, bytes } of await source.files('logs')) console.log(path, bytes);
 */
export async function openArchive(archive: string): Promise<RunSource> {
  const file = await openFile(archive);
  const place = await indexPath(resolve(archive));
  return openedOrClosed(file, async () => {
    const found = place === null ? null : await loadIndex(place, file.source.size);
    const index = found === null ? null : await withDigests(file, found);
    return index ?? (await buildIndex(file, place));
  });
}

/**
 * The same for an archive whose bytes are anywhere, read through once.
 *
 * @param source disposed of with what is returned, or when it cannot be opened
 * @param archive its name, for messages
 * @throws StepwellError with ARCHIVE_UNRECOGNIZED, ARCHIVE_DAMAGED (also later, when a file is read), ARCHIVE_UNSAFE
 */
export async function openArchiveBytes(source: OpenBytes, archive: string): Promise<RunSource> {
  return openedOrClosed({ source, archive }, (file) => buildIndex(file, null));
}

interface OpenArchive extends ArchiveBytes {
  readonly source: OpenBytes;
}

async function openedOrClosed(file: OpenArchive, readIndex: (file: OpenArchive) => Promise<ArchiveIndex>): Promise<RunSource> {
  const close = async (): Promise<void> => await file.source[Symbol.asyncDispose]();
  try {
    return archiveSource(file, await readIndex(file), close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws ARCHIVE_MISSING */
export async function openFile(archive: string): Promise<OpenArchive & AsyncDisposable> {
  let source: LocalFile | null;
  try {
    source = await openLocalFile(archive, { followLinks: true });
  } catch (error) {
    throw archiveError('ARCHIVE_MISSING', { archive, reason: messageOf(error) }, { cause: error });
  }
  if (source === null) throw archiveError('ARCHIVE_MISSING', { archive, reason: 'it is no file' });
  return { source, archive, [Symbol.asyncDispose]: () => source[Symbol.asyncDispose]() };
}

function archiveSource(file: ArchiveBytes, index: ArchiveIndex, close = async (): Promise<void> => {}): RunSource {
  const byPath = new Map(index.files.map((member) => [member.path, member]));
  /** Files whose digest was found right. */
  const known = new Set<ArchivedFile>();
  return {
    kind: 'archive',
    location: file.archive,
    async files(under = '') {
      const prefix = under === '' ? '' : `${under.replace(/\/$/, '')}/`;
      const listed = index.files.filter((member) => member.path.startsWith(prefix));
      return listed.map(({ path, bytes }) => ({ path, bytes })).sort((a, b) => (a.path < b.path ? -1 : 1));
    },
    async open(path) {
      const member = byPath.get(path);
      if (member === undefined) return null;
      // A part has no digest of its own: the index could be forged.
      if (!known.has(member)) for await (const _ of readMember(file, index, member));
      known.add(member);
      return memberBytes(file, index, member);
    },
    async read(path) {
      const member = byPath.get(path);
      return member === undefined ? null : wholeMember(file, index, member);
    },
    async *stream(path, { from = 0, to = Infinity } = {}) {
      const member = byPath.get(path);
      if (member === undefined) throw storeError('RUN_FILE_MISSING', { path, location: file.archive });
      let at = 0;
      for await (const piece of readMember(file, index, member)) {
        const wanted = piece.subarray(Math.max(0, from - at), Math.max(0, to - at));
        at += piece.length;
        if (wanted.length > 0) yield wanted;
      }
    },
    [Symbol.asyncDispose]: close,
  };
}

/** The archive as it was just read, without regard to its index and its list of digests. */
export function scannedSource(file: ArchiveBytes, { blocks, members }: ScannedArchive): RunSource {
  return archiveSource(file, { blocks, files: members.filter(({ type }) => type === 'file') });
}

/** The content in pieces; the last is followed by an error when the whole does not have its digest. @throws ARCHIVE_DAMAGED */
async function* readMember(file: ArchiveBytes, index: ArchiveIndex, member: ArchivedFile): AsyncGenerator<Buffer> {
  const digest = createHash('sha256');
  const end = member.at + member.bytes;
  const first = blockAt(index, member.at);
  const last = blockAt(index, Math.max(member.at, end - 1));
  const from = index.blocks[first];
  const to = index.blocks[last];
  let have = 0;
  if (from !== undefined && to !== undefined && member.bytes > 0) {
    let at = from.tarOffset;
    for await (const { data } of readBlocks(file, { offset: from.offset, end: to.offset + to.bytes }, () => member.path)) {
      const piece = data.subarray(Math.max(0, member.at - at), Math.min(data.length, end - at));
      at += data.length;
      have += piece.length;
      digest.update(piece);
      if (piece.length > 0) yield piece;
    }
  }
  if (have !== member.bytes || digest.digest('hex') !== member.sha256) {
    throw damagedError(file, member.path, 'its content does not have the digest that was recorded when it was packed');
  }
}

/** A file read by ranges; the block that was read last is kept. */
function memberBytes(file: ArchiveBytes, index: ArchiveIndex, member: ArchivedFile): OpenBytes {
  let last: { block: ArchiveBlock; data: Buffer } | null = null;
  return {
    size: member.bytes,
    async read(offset, length) {
      const wanted = Math.min(length, member.bytes - offset);
      const at = member.at + offset;
      const block = index.blocks[blockAt(index, at)];
      if (wanted <= 0 || block === undefined) return Buffer.alloc(0);
      if (last?.block !== block) {
        const range = { offset: block.offset, end: block.offset + block.bytes };
        for await (const { data } of readBlocks(file, range, () => member.path)) last = { block, data };
      }
      const from = at - block.tarOffset;
      return last?.data.subarray(from, from + wanted) ?? Buffer.alloc(0);
    },
    async [Symbol.asyncDispose]() {
      // The archive stays open.
    },
  };
}

async function wholeMember(file: ArchiveBytes, index: ArchiveIndex, member: ArchivedFile): Promise<Buffer> {
  requireReadableSize(member.path, member.bytes);
  const pieces: Buffer[] = [];
  for await (const piece of readMember(file, index, member)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Position of the block that holds this byte of the tar stream. */
function blockAt(index: ArchiveIndex, tarOffset: number): number {
  let low = 0;
  let high = index.blocks.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((index.blocks[middle]?.tarOffset ?? 0) <= tarOffset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The places of the index with the names and digests of the archive's own list; null when they do not belong together. */
async function withDigests(file: ArchiveBytes, places: IndexFile): Promise<ArchiveIndex | null> {
  const blocks = blocksOf(places);
  try {
    const list = { path: CHECKSUMS_FILE, ...places.list };
    const { digests, malformed, duplicates } = parseChecksums(
      (await wholeMember(file, { blocks, files: [] }, list)).toString('utf8'),
    );
    if (malformed.length > 0 || duplicates.length > 0 || digests.size * 2 !== places.files.length) return null;
    const files: ArchivedFile[] = [];
    for (const [path, sha256] of digests) {
      refuseUnsafe(file.archive, { type: 'file', path, target: '' });
      const [at = 0, bytes = 0] = places.files.slice(files.length * 2, files.length * 2 + 2);
      files.push({ path, at, bytes, sha256 });
    }
    return { blocks, files: [...files, list] };
  } catch {
    // Of another archive, or the archive is damaged: reading the archive itself tells which.
    return null;
  }
}

/** Reads the archive through and leaves its index at `place`. @throws ARCHIVE_UNRECOGNIZED, ARCHIVE_DAMAGED, ARCHIVE_UNSAFE */
async function buildIndex(file: ArchiveBytes, place: string | null): Promise<ArchiveIndex> {
  const { blocks, members } = await scanArchive(file);
  const files = members.filter(({ type }) => type === 'file');
  const seen = new Set<string>();
  for (const { path } of members) {
    if (seen.has(path)) throw damagedError(file, path, 'it is there twice');
    seen.add(path);
  }
  const list = files.find(({ path }) => path === CHECKSUMS_FILE);
  if (list === undefined) throw damagedError(file, CHECKSUMS_FILE, 'the list of digests is missing');
  const text = (await wholeMember(file, { blocks, files }, list)).toString('utf8');
  if (text !== checksumsText(members)) {
    const { digests } = parseChecksums(text);
    const differs = files.find(({ path, sha256 }) => path !== CHECKSUMS_FILE && digests.get(path) !== sha256);
    throw damagedError(file, differs?.path ?? CHECKSUMS_FILE, `the archive does not fit its own ${CHECKSUMS_FILE}`);
  }
  if (place !== null) await saveIndex(place, indexText(file.source.size, blocks, members));
  return { blocks, files };
}

/** A place that cannot be written keeps working without an index. */
async function saveIndex(place: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, text);
  } catch {
    // The next opening reads the archive through again.
  }
}
