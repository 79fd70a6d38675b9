/** A run inside its archive, read in place: only the blocks of a file are decompressed. */
import { createHash } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { stepwellError } from '../errors.ts';
import { CHECKSUMS_FILE } from '../store.ts';
import type { RunSource } from '../store.ts';
import { checksumsText } from './checksums.ts';
import { indexPlace, indexText, loadIndex } from './index-file.ts';
import type { ArchiveIndex } from './index-file.ts';
import { refuseUnsafe } from './member.ts';
import type { ArchiveMember } from './member.ts';
import { damaged, readBlocks, scanArchive } from './reader.ts';
import type { OpenFile } from './reader.ts';

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
    if (found !== null && (await isConfirmed(file, found))) return archiveSource(file, found);
    const index = await buildIndex(file);
    if (place !== null) await saveIndex(place, index);
    return archiveSource(file, index);
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
    throw stepwellError('ARCHIVE_MISSING', { archive, reason: (error as Error).message }, { cause: error });
  }
  throw stepwellError('ARCHIVE_MISSING', { archive, reason: 'it is no file' });
}

/** The archive as a source; disposing of it closes the file. */
export function archiveSource(file: OpenFile, index: ArchiveIndex): RunSource {
  const files = index.members.filter((member) => member.type === 'file');
  const byPath = new Map(files.map((member) => [member.path, member]));
  return {
    kind: 'archive',
    location: file.archive,
    async files(under = '') {
      const prefix = under === '' ? '' : `${under.replace(/\/$/, '')}/`;
      const listed = files.filter((member) => member.path.startsWith(prefix));
      return listed.map(({ path, bytes }) => ({ path, bytes })).sort((a, b) => (a.path < b.path ? -1 : 1));
    },
    async read(path) {
      const member = byPath.get(path);
      return member === undefined ? null : wholeMember(file, index, member);
    },
    async *stream(path) {
      const member = byPath.get(path);
      if (member === undefined) throw stepwellError('RUN_FILE_MISSING', { path, location: file.archive });
      yield* readMember(file, index, member);
    },
    async [Symbol.asyncDispose]() {
      await file.handle.close();
    },
  };
}

/** The content in pieces; the last is followed by an error when the whole does not have its digest. @throws ARCHIVE_DAMAGED */
async function* readMember(file: OpenFile, index: ArchiveIndex, member: ArchiveMember): AsyncGenerator<Buffer> {
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

async function wholeMember(file: OpenFile, index: ArchiveIndex, member: ArchiveMember): Promise<Buffer> {
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

/** Whether the archive's own list of digests says of every file what the index says. */
async function isConfirmed(file: OpenFile, index: ArchiveIndex): Promise<boolean> {
  const list = index.members.find((member) => member.path === CHECKSUMS_FILE);
  if (list === undefined || list.type !== 'file') return false;
  try {
    for (const member of index.members) refuseUnsafe(file.archive, member);
    const text = await wholeMember(file, index, list);
    return text.equals(Buffer.from(checksumsText(index.members)));
  } catch {
    // Of another archive or broken: reading the archive itself tells which.
    return false;
  }
}

/** @throws ARCHIVE_FOREIGN, ARCHIVE_DAMAGED, ARCHIVE_UNSAFE */
async function buildIndex(file: OpenFile): Promise<ArchiveIndex> {
  const index = await scanArchive(file);
  const seen = new Set<string>();
  for (const { path } of index.members) {
    if (seen.has(path)) throw damaged(file, path, 'it is there twice');
    seen.add(path);
  }
  const list = index.members.find((member) => member.path === CHECKSUMS_FILE);
  if (list === undefined) throw damaged(file, CHECKSUMS_FILE, 'the list of digests is missing');
  const text = await wholeMember(file, index, list);
  if (text.equals(Buffer.from(checksumsText(index.members)))) return index;
  const lines = new Set(text.toString().split('\n'));
  const differs = index.members.find(
    (member) => !lines.has(checksumsText([member]).slice(0, -1)) && member.sha256 !== null && member !== list,
  );
  throw damaged(file, differs?.path ?? CHECKSUMS_FILE, `its digest is not the one in ${CHECKSUMS_FILE}`);
}

/** A place that cannot be written keeps working without an index. */
async function saveIndex(place: string, index: ArchiveIndex): Promise<void> {
  try {
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, indexText(index));
  } catch {
    // The next opening reads the archive through again.
  }
}
