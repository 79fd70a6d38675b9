/** Puts one file of the run into the archive: what is hashed and searched for secrets is what is packed, in one reading. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { failureReason } from '../store/index.ts';
import { BLOCK_BYTES } from './format/block.ts';
import type { ArchiveWriter } from './writer.ts';

/** A secret that lies across two pieces is found when it is not longer than this. */
const OVERLAP = 64 * 1024;
/** Times a file that shrinks while it is read is tried again. */
const TRIES = 3;

export interface FileToPack {
  /** On disk. */
  readonly source: string;
  /** In the archive. */
  readonly path: string;
  readonly mtime: number;
  /** Only so many bytes of it, which must be there. Null: as long as it is. */
  readonly bytes: number | null;
  readonly containsSecret: ((bytes: Uint8Array) => boolean) | null;
}

export type PackedFile =
  | { readonly status: 'packed' }
  | { readonly status: 'secret' }
  | { readonly status: 'unreadable'; readonly reason: string };

/** Adds the file, or says why not; then the archive is as if it had not been tried. Throws what the archive's own disk throws. */
export async function packFile(writer: ArchiveWriter, file: FileToPack, scratch: Buffer): Promise<PackedFile> {
  let fd: number;
  try {
    // Neither following a link that took the file's place nor waiting for the writer of a named pipe.
    fd = openSync(file.source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return unreadable(error);
  }
  try {
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      const result = await packOpen(writer, file, fd, scratch);
      if (result !== null) return result;
    }
    return { status: 'unreadable', reason: 'it kept shrinking while it was read' };
  } finally {
    closeSync(fd);
  }
}

/** Null when the file shrank. */
async function packOpen(writer: ArchiveWriter, file: FileToPack, fd: number, scratch: Buffer): Promise<PackedFile | null> {
  const stats = fstatSync(fd);
  if (!stats.isFile()) return { status: 'unreadable', reason: 'it is no regular file any more' };
  const bytes = file.bytes ?? stats.size;
  if (stats.size < bytes) return { status: 'unreadable', reason: `it has ${stats.size} bytes where ${bytes} were sealed` };
  const entry = {
    type: 'file',
    path: file.path,
    bytes,
    executable: (stats.mode & 0o100) !== 0,
    mtime: file.mtime,
    target: '',
  } as const;

  if (bytes <= BLOCK_BYTES) {
    const content = readPiece(fd, scratch.subarray(OVERLAP, OVERLAP + bytes), 0);
    if (!Buffer.isBuffer(content)) return content;
    if (content.length < bytes) return null;
    if (file.containsSecret?.(content) === true) return { status: 'secret' };
    await writer.add(entry, content);
    return { status: 'packed' };
  }

  const checkpoint = await writer.begin(entry);
  let carried = 0;
  for (let position = 0; position < bytes;) {
    const piece = readPiece(fd, scratch.subarray(OVERLAP, OVERLAP + Math.min(BLOCK_BYTES, bytes - position)), position);
    let refused: PackedFile | null | undefined;
    if (!Buffer.isBuffer(piece)) refused = piece;
    else if (piece.length === 0) refused = null;
    else if (file.containsSecret?.(scratch.subarray(OVERLAP - carried, OVERLAP + piece.length)) === true)
      refused = { status: 'secret' };
    if (refused !== undefined || !Buffer.isBuffer(piece)) {
      await writer.rollback(checkpoint);
      return refused ?? null;
    }
    await writer.append(piece);
    position += piece.length;
    const all = scratch.subarray(OVERLAP - carried, OVERLAP + piece.length);
    carried = Math.min(OVERLAP, all.length);
    all.copy(scratch, OVERLAP - carried, all.length - carried);
  }
  await writer.end();
  return { status: 'packed' };
}

/** Room for a piece and what is carried over from the one before. */
export function createPackBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(OVERLAP + BLOCK_BYTES);
}

/** Fills `into` from `position` as far as the file goes. */
function readPiece(fd: number, into: Buffer, position: number): Buffer | PackedFile {
  let have = 0;
  try {
    while (have < into.length) {
      const got = readSync(fd, into, have, into.length - have, position + have);
      if (got === 0) break;
      have += got;
    }
  } catch (error) {
    return unreadable(error);
  }
  return into.subarray(0, have);
}

function unreadable(error: unknown): PackedFile {
  return { status: 'unreadable', reason: `it cannot be read (${failureReason(error)})` };
}
