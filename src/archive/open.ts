/** A run inside its archive, read in place: only the blocks of a file are decompressed. */
import { createHash } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CHECKSUMS_FILE, storeError } from '../store.ts';
import type { RunSource } from '../store.ts';
import { checksumsText, parseChecksums } from './checksums.ts';
import { blocksOf, indexPlace, indexText, loadIndex } from './index-file.ts';
import type { ArchivedFile, ArchiveIndex, IndexFile } from './index-file.ts';
import { refuseUnsafe } from './member.ts';
import { damaged } from './damage.ts';
import { readBlocks, scanArchive } from './reader.ts';
import type { OpenFile, ScannedArchive } from './reader.ts';
import { archiveError } from './errors.ts';

/**
 * Opens `run.tar.gz` for reading. With the index beside it nothing else is unpacked; without one the archive is read through
 * once and the index written anew. Every file read is compared with its digest.
 *
 * @throws ARCHIVE_MISSING, ARCHIVE_FOREIGN, ARCHIVE_DAMAGED (also when reading), ARCHIVE_UNSAFE
 */
export async function openArchive(archive: string): Promise<RunSource> {
  const file = await openFile(archive);
  try {
    const place = await indexPlace(resolve(archive));
    const found = place === null ? null : await loadIndex(place, file.bytes);
    const index = found === null ? null : await withNames(file, found);
    return archiveSource(file, index ?? (await buildIndex(file, place)));
  } catch (error) {
    await file.handle.close();
    throw error;
  }
}

/** @throws ARCHIVE_MISSING */
export async function openFile(archive: string): Promise<OpenFile> {
  try {
    const handle = await open(archive, 'r');
    const stats = await handle.stat();
    if (stats.isFile()) return { handle, bytes: stats.size, archive };
    await handle.close();
  } catch (error) {
    throw archiveError('ARCHIVE_MISSING', { archive, reason: (error as Error).message }, { cause: error });
  }
  throw archiveError('ARCHIVE_MISSING', { archive, reason: 'it is no file' });
}

/** The archive as a source; disposing of it closes the file. */
function archiveSource(file: OpenFile, index: ArchiveIndex): RunSource {
  const byPath = new Map(index.files.map((member) => [member.path, member]));
  return {
    kind: 'archive',
    location: file.archive,
    async files(under = '') {
      const prefix = under === '' ? '' : `${under.replace(/\/$/, '')}/`;
      const listed = index.files.filter((member) => member.path.startsWith(prefix));
      return listed.map(({ path, bytes }) => ({ path, bytes })).sort((a, b) => (a.path < b.path ? -1 : 1));
    },
    async read(path) {
      const member = byPath.get(path);
      return member === undefined ? null : wholeMember(file, index, member);
    },
    async *stream(path) {
      const member = byPath.get(path);
      if (member === undefined) throw storeError('RUN_FILE_MISSING', { path, location: file.archive });
      yield* readMember(file, index, member);
    },
    async [Symbol.asyncDispose]() {
      await file.handle.close();
    },
  };
}

/** The archive as it was just read, without regard to its index and its list of digests. */
export function scannedSource(file: OpenFile, { blocks, members }: ScannedArchive): RunSource {
  return archiveSource(file, { blocks, files: members.filter(({ type }) => type === 'file') });
}

/** The content in pieces; the last is followed by an error when the whole does not have its digest. @throws ARCHIVE_DAMAGED */
async function* readMember(file: OpenFile, index: ArchiveIndex, member: ArchivedFile): AsyncGenerator<Buffer> {
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
    throw damaged(file, member.path, 'its content does not have the digest that was recorded when it was packed');
  }
}

async function wholeMember(file: OpenFile, index: ArchiveIndex, member: ArchivedFile): Promise<Buffer> {
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
async function withNames(file: OpenFile, places: IndexFile): Promise<ArchiveIndex | null> {
  const blocks = blocksOf(places);
  try {
    const list = { path: CHECKSUMS_FILE, ...places.list };
    const { digests, broken, twice } = parseChecksums((await wholeMember(file, { blocks, files: [] }, list)).toString('utf8'));
    if (broken.length > 0 || twice.length > 0 || digests.size * 2 !== places.files.length) return null;
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

/** Reads the archive through and leaves its index at `place`. @throws ARCHIVE_FOREIGN, ARCHIVE_DAMAGED, ARCHIVE_UNSAFE */
async function buildIndex(file: OpenFile, place: string | null): Promise<ArchiveIndex> {
  const { blocks, members } = await scanArchive(file);
  const files = members.filter(({ type }) => type === 'file');
  const seen = new Set<string>();
  for (const { path } of members) {
    if (seen.has(path)) throw damaged(file, path, 'it is there twice');
    seen.add(path);
  }
  const list = files.find(({ path }) => path === CHECKSUMS_FILE);
  if (list === undefined) throw damaged(file, CHECKSUMS_FILE, 'the list of digests is missing');
  const text = (await wholeMember(file, { blocks, files }, list)).toString('utf8');
  if (text !== checksumsText(members)) {
    const { digests } = parseChecksums(text);
    const differs = files.find(({ path, sha256 }) => path !== CHECKSUMS_FILE && digests.get(path) !== sha256);
    throw damaged(file, differs?.path ?? CHECKSUMS_FILE, `the archive does not fit its own ${CHECKSUMS_FILE}`);
  }
  if (place !== null) await saveIndex(place, indexText(file.bytes, blocks, members));
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
