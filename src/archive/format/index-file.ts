/**
 * The index of an archive: the offsets of its blocks and files, so that one file is read without unpacking the rest. It is
 * derived and rebuilt when missing. It holds offsets only: names and digests come from the list in the archive, so a damaged or
 * stale index can make reading fail but never return wrong bytes. A forged index could point at another list inside the archive,
 * so verification does not use it.
 */
import { hash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasFields, isCount, isListOf, isText, type Guard } from '../../schema/guard.ts';
import { ARCHIVE_FILE, ARCHIVE_INDEX_FILE, CHECKSUMS_FILE, METADATA_FILE } from '../../store/index.ts';
import type { ArchiveBlock, ArchiveMember } from './member.ts';

/** A file in the archive, as far as reading needs it. */
export type ArchivedFile = Pick<ArchiveMember, 'path' | 'at' | 'bytes' | 'sha256'>;

export interface ArchiveIndex {
  readonly blocks: readonly ArchiveBlock[];
  readonly files: readonly ArchivedFile[];
}

export interface IndexFile {
  readonly version: 1;
  readonly archive_bytes: number;
  /** offset, bytes and tarOffset of each block. */
  readonly blocks: number[];
  /** at and bytes of each file, in the order of the list of digests. */
  readonly files: number[];
  /** The list itself. */
  readonly list: { readonly at: number; readonly bytes: number; readonly sha256: string };
}

const isVersion: Guard<1> = (value) => value === 1;
const isIndexFile = hasFields<IndexFile>({
  version: isVersion,
  archive_bytes: isCount,
  blocks: isListOf(isCount),
  files: isListOf(isCount),
  list: hasFields<IndexFile['list']>({ at: isCount, bytes: isCount, sha256: isText }),
});

/** A first line with the digest of the rest, since a number that was changed cannot be told otherwise. */
export function indexText(archiveBytes: number, blocks: readonly ArchiveBlock[], members: readonly ArchiveMember[]): string {
  const files = members.filter(({ type }) => type === 'file');
  const list = files.find(({ path }) => path === CHECKSUMS_FILE);
  const listed = files.filter((file) => file !== list);
  const body = JSON.stringify({
    version: 1,
    archive_bytes: archiveBytes,
    blocks: blocks.flatMap(({ offset, bytes, tarOffset }) => [offset, bytes, tarOffset]),
    files: listed.flatMap(({ at, bytes }) => [at, bytes]),
    list: { at: list?.at ?? 0, bytes: list?.bytes ?? 0, sha256: list?.sha256 ?? '' },
  } satisfies IndexFile);
  return `${hash('sha256', body)}\n${body}\n`;
}

/** Where the index of this archive belongs, or null when the archive does not lie in a run directory. */
export async function indexPath(archive: string): Promise<string | null> {
  if (basename(archive) !== ARCHIVE_FILE) return null;
  const runDir = dirname(archive);
  const isRun = await stat(join(runDir, METADATA_FILE)).catch(() => null);
  return isRun === null ? null : join(runDir, ARCHIVE_INDEX_FILE);
}

/** The index at `place`, or null when there is none, a damaged one, or that of an archive of another size. */
export async function loadIndex(place: string, archiveBytes: number): Promise<IndexFile | null> {
  try {
    const [digest, body = ''] = (await readFile(place, 'utf8')).split('\n');
    if (digest !== hash('sha256', body)) return null;
    const index: unknown = JSON.parse(body);
    return isIndexFile(index) && index.archive_bytes === archiveBytes ? index : null;
  } catch {
    // Missing, or of another version: it is rebuilt.
    return null;
  }
}

export function blocksOf(index: IndexFile): ArchiveBlock[] {
  const blocks: ArchiveBlock[] = [];
  for (let at = 0; at + 2 < index.blocks.length; at += 3) {
    const [offset = 0, bytes = 0, tarOffset = 0] = index.blocks.slice(at, at + 3);
    blocks.push({ offset, bytes, tarOffset });
  }
  return blocks;
}
