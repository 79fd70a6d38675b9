/** Reads a whole archive in order and treats every byte as untrusted. */
import { createHash } from 'node:crypto';
import { messageOf } from '../../errors/index.ts';
import { readRange, unreadableError, type ByteSource } from '../../store/index.ts';
import { BLOCK_HEADER, blockLength, unpackBlock } from './block.ts';
import { damagedError } from '../errors.ts';
import type { ArchiveBlock, ArchiveMember } from './member.ts';
import { TarReader } from './tar-reader.ts';
import { archiveError } from '../errors.ts';

/** Blocks decompressed at a time. */
const IN_FLIGHT = 4;

/** An archive, wherever its bytes are. */
export interface ArchiveBytes {
  readonly source: ByteSource;
  /** Its path or address, for messages. */
  readonly archive: string;
}

export interface ReadBlock {
  /** As written in the file. */
  readonly packed: Buffer;
  readonly offset: number;
  readonly data: Buffer;
}

/** Blocks from `offset` to `end` in order, several at work at a time. @throws ARCHIVE_UNRECOGNIZED, ARCHIVE_DAMAGED, RUN_UNREADABLE */
export async function* readBlocks(
  file: ArchiveBytes,
  range: { offset: number; end: number },
  memberAt: () => string | null,
): AsyncGenerator<ReadBlock> {
  const queue: { packed: Buffer; offset: number; data: Promise<Buffer> }[] = [];
  let offset = range.offset;
  for (;;) {
    while (queue.length < IN_FLIGHT && offset < range.end) {
      const packed = await readPacked(file, offset, memberAt);
      const data = unpackBlock(packed);
      data.catch(() => {});
      queue.push({ packed, offset, data });
      offset += packed.length;
    }
    const next = queue.shift();
    if (next === undefined) return;
    let data: Buffer;
    try {
      data = await next.data;
    } catch (error) {
      throw damagedError(file, memberAt(), `${messageOf(error)}, in the block at byte ${next.offset}`);
    }
    yield { packed: next.packed, offset: next.offset, data };
  }
}

async function readPacked(file: ArchiveBytes, offset: number, memberAt: () => string | null): Promise<Buffer> {
  const head = await readExactly(file, offset, Math.max(0, Math.min(BLOCK_HEADER, file.source.size - offset)));
  const length = blockLength(head);
  if (length === null || offset + length > file.source.size) {
    const reason = length === null ? `no block of ours begins at byte ${offset}` : `the block at byte ${offset} is cut off`;
    if (offset === 0) throw archiveError('ARCHIVE_UNRECOGNIZED', { archive: file.archive, reason });
    throw damagedError(file, memberAt(), reason);
  }
  return readExactly(file, offset, length);
}

async function readExactly(file: ArchiveBytes, offset: number, length: number): Promise<Buffer> {
  const bytes = await readRange(file.source, offset, length).catch((error: unknown) => {
    throw unreadableError(file.archive, error);
  });
  if (bytes.length < length) throw damagedError(file, null, `it ends at byte ${offset + bytes.length}, while it was read`);
  return bytes;
}

export interface ScannedArchive {
  readonly bytes: number;
  /** Of the file. */
  readonly sha256: string;
  /** Null unless asked for: the members and their order say the same, at less cost. */
  readonly tarSha256: string | null;
  readonly blocks: ArchiveBlock[];
  /** With digests of what was really read. */
  readonly members: ArchiveMember[];
}

/** Reads the whole archive. @throws ARCHIVE_UNRECOGNIZED, ARCHIVE_DAMAGED, ARCHIVE_UNSAFE */
export async function scanArchive(file: ArchiveBytes, options: { tarSha256?: boolean } = {}): Promise<ScannedArchive> {
  if (file.source.size === 0) throw archiveError('ARCHIVE_UNRECOGNIZED', { archive: file.archive, reason: 'it is empty' });
  const sha256 = createHash('sha256');
  const tar = options.tarSha256 === true ? createHash('sha256') : null;
  const blocks: ArchiveBlock[] = [];
  const reader = new TarReader(file);
  let tarOffset = 0;
  for await (const block of readBlocks(file, { offset: 0, end: file.source.size }, () => reader.member)) {
    sha256.update(block.packed);
    tar?.update(block.data);
    reader.push(block.data);
    blocks.push({ offset: block.offset, bytes: block.packed.length, tarOffset });
    tarOffset += block.data.length;
  }
  reader.finish();
  return {
    bytes: file.source.size,
    sha256: sha256.digest('hex'),
    tarSha256: tar?.digest('hex') ?? null,
    blocks,
    members: reader.members,
  };
}
