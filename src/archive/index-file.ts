/**
 * The index of an archive: where its blocks and members lie, so that one file is read without unpacking the rest. It is
 * derived; it lies beside the archive, is believed only as far as the archive's own list of digests confirms it, and is made anew when missing.
 */
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { ARCHIVE_FILE, ARCHIVE_INDEX_FILE, METADATA_FILE } from '../store.ts';
import type { ArchiveBlock, ArchiveMember } from './member.ts';

export interface ArchiveIndex {
  /** Of the archive file. */
  readonly bytes: number;
  readonly blocks: readonly ArchiveBlock[];
  readonly members: readonly ArchiveMember[];
}

const natural = z.number().int().nonnegative();
/** Rows without names: an index of 10,000 files is read at every opening. */
const IndexFile = z.object({
  version: z.literal(1),
  bytes: natural,
  mtime: z.number().int(),
  /** offset, bytes, tarOffset */
  blocks: z.array(z.tuple([natural, natural, natural])),
  /** type, path, bytes, executable, at, sha256, target */
  members: z.array(
    z.tuple([
      z.enum(['file', 'directory', 'link']),
      z.string(),
      natural,
      z.boolean(),
      natural,
      z.string().nullable(),
      z.string(),
    ]),
  ),
});

export function indexText(index: ArchiveIndex): string {
  const blocks = index.blocks.map((block) => [block.offset, block.bytes, block.tarOffset]);
  const members = index.members.map((m) => [m.type, m.path, m.bytes, m.executable, m.at, m.sha256, m.target]);
  return `${JSON.stringify({ version: 1, bytes: index.bytes, mtime: index.members[0]?.mtime ?? 0, blocks, members })}\n`;
}

/** Where the index of this archive belongs, or null when the archive does not lie in a run directory. */
export async function indexPlace(archive: string): Promise<string | null> {
  if (basename(archive) !== ARCHIVE_FILE) return null;
  const runDir = dirname(archive);
  const isRun = await stat(join(runDir, METADATA_FILE)).catch(() => null);
  return isRun === null ? null : join(runDir, ARCHIVE_INDEX_FILE);
}

/** The index beside the archive, or null when there is none of this archive's size that can be read. */
export async function loadIndex(place: string, archiveBytes: number): Promise<ArchiveIndex | null> {
  let found;
  try {
    found = IndexFile.parse(JSON.parse(await readFile(place, 'utf8')));
  } catch {
    // Missing, torn or of another version: all the same, it is made anew.
    return null;
  }
  if (found.bytes !== archiveBytes) return null;
  return {
    bytes: found.bytes,
    blocks: found.blocks.map(([offset, bytes, tarOffset]) => ({ offset, bytes, tarOffset })),
    members: found.members.map(([type, path, bytes, executable, at, sha256, target]) => {
      return { type, path, bytes, executable, mtime: found.mtime, at, sha256, target };
    }),
  };
}
