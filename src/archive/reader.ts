/** Reads an archive from its first byte to its last, trusting none of them. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { stepwellError } from '../errors.ts';
import { BLOCK_HEADER, blockLength, unpackBlock } from './block.ts';
import type { ArchiveBlock, ArchiveMember } from './member.ts';
import { refuseUnsafe } from './member.ts';
import { encodeHeader, headerSum, paddingOf, TAR_BLOCK, TAR_END } from './tar.ts';
import type { TarEntry } from './tar.ts';

/** Blocks decompressed at a time. */
const IN_FLIGHT = 4;
/** No pax header of ours is longer: it holds a path and a link's target. */
const MAX_PAX = 64 * 1024;

export interface OpenFile {
  readonly handle: FileHandle;
  readonly bytes: number;
  /** For messages. */
  readonly archive: string;
}

export interface ReadBlock {
  /** As it stands in the file. */
  readonly packed: Buffer;
  readonly offset: number;
  readonly data: Buffer;
}

/** Blocks from `offset` to `end` in order, several at work at a time. @throws ARCHIVE_FOREIGN, ARCHIVE_DAMAGED */
export async function* readBlocks(
  file: OpenFile,
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
      throw damaged(file, memberAt(), `${(error as Error).message}, in the block at byte ${next.offset}`);
    }
    yield { packed: next.packed, offset: next.offset, data };
  }
}

async function readPacked(file: OpenFile, offset: number, memberAt: () => string | null): Promise<Buffer> {
  const head = await readExactly(file, offset, Math.max(0, Math.min(BLOCK_HEADER, file.bytes - offset)));
  const length = blockLength(head);
  if (length === null || offset + length > file.bytes) {
    const reason = length === null ? `no block of ours begins at byte ${offset}` : `the block at byte ${offset} is cut off`;
    if (offset === 0) throw stepwellError('ARCHIVE_FOREIGN', { archive: file.archive, reason });
    throw damaged(file, memberAt(), reason);
  }
  return readExactly(file, offset, length);
}

async function readExactly(file: OpenFile, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  for (let have = 0; have < length;) {
    const { bytesRead } = await file.handle.read(buffer, have, length - have, offset + have);
    if (bytesRead === 0) throw damaged(file, null, `it ends at byte ${offset + have}, while it was read`);
    have += bytesRead;
  }
  return buffer;
}

export function damaged(file: Pick<OpenFile, 'archive'>, member: string | null, reason: string) {
  return stepwellError('ARCHIVE_DAMAGED', { archive: file.archive, member, reason });
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

/** Reads the whole archive. @throws ARCHIVE_FOREIGN, ARCHIVE_DAMAGED, ARCHIVE_UNSAFE */
export async function scanArchive(file: OpenFile, options: { tarSha256?: boolean } = {}): Promise<ScannedArchive> {
  if (file.bytes === 0) throw stepwellError('ARCHIVE_FOREIGN', { archive: file.archive, reason: 'it is empty' });
  const sha256 = createHash('sha256');
  const tar = options.tarSha256 === true ? createHash('sha256') : null;
  const blocks: ArchiveBlock[] = [];
  const reader = new TarReader(file);
  let tarOffset = 0;
  for await (const block of readBlocks(file, { offset: 0, end: file.bytes }, () => reader.member)) {
    sha256.update(block.packed);
    tar?.update(block.data);
    reader.push(block.data);
    blocks.push({ offset: block.offset, bytes: block.packed.length, tarOffset });
    tarOffset += block.data.length;
  }
  reader.finish();
  return {
    bytes: file.bytes,
    sha256: sha256.digest('hex'),
    tarSha256: tar?.digest('hex') ?? null,
    blocks,
    members: reader.members,
  };
}

/** Takes a tar stream in pieces of any size and lists its members with the digests of their contents. */
class TarReader {
  readonly members: ArchiveMember[] = [];
  readonly #file: Pick<OpenFile, 'archive'>;
  #state: 'header' | 'content' | 'ended' = 'header';
  /** Headers not yet complete, or the end blocks. */
  #pending = Buffer.alloc(0);
  #offset = 0;
  #entry: { entry: TarEntry; at: number } | null = null;
  #left = 0;
  #padding = 0;
  #digest = createHash('sha256');

  constructor(file: Pick<OpenFile, 'archive'>) {
    this.#file = file;
  }

  /** The member being read, or after which the next header was expected. */
  get member(): string | null {
    return this.#entry?.entry.path ?? this.members.at(-1)?.path ?? null;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#state === 'content') rest = this.#takeContent(rest);
      else rest = this.#takeHeader(rest);
    }
  }

  /** @throws ARCHIVE_DAMAGED when the stream is not complete */
  finish(): void {
    const complete = this.#state === 'ended' && this.#pending.equals(TAR_END);
    if (!complete) throw damaged(this.#file, this.member, 'its tar stream ends early');
  }

  #takeContent(chunk: Buffer): Buffer {
    const content = chunk.subarray(0, this.#left);
    this.#digest.update(content);
    this.#left -= content.length;
    const padding = chunk.subarray(content.length, content.length + this.#padding);
    if (this.#left > 0) return padding;
    if (padding.some((byte) => byte !== 0)) throw damaged(this.#file, this.member, 'the padding after its content is not empty');
    this.#padding -= padding.length;
    this.#offset += padding.length;
    if (this.#padding === 0) this.#endMember();
    return chunk.subarray(content.length + padding.length);
  }

  #endMember(): void {
    if (this.#entry === null) return;
    const { entry, at } = this.#entry;
    this.members.push({ ...entry, at, sha256: entry.type === 'file' ? this.#digest.digest('hex') : null });
    this.#entry = null;
    this.#state = 'header';
  }

  #takeHeader(chunk: Buffer): Buffer {
    // Headers are short; a piece more than one of them needs is given back.
    const wanted = this.#wanted() - this.#pending.length;
    this.#pending = Buffer.concat([this.#pending, chunk.subarray(0, wanted)]);
    const rest = chunk.subarray(wanted);
    if (this.#pending.length < this.#wanted()) return rest;
    if (this.#pending.length === this.#wanted() && this.#pending.subarray(0, TAR_BLOCK).every((byte) => byte === 0)) {
      if (this.#state === 'ended') throw damaged(this.#file, this.member, 'something follows the end of its tar stream');
      this.#state = 'ended';
      return rest;
    }
    this.#begin();
    return rest;
  }

  /** Bytes that the pending header needs, as far as its beginning tells. */
  #wanted(): number {
    const pending = this.#pending;
    if (pending.length < TAR_BLOCK) return TAR_BLOCK;
    const first = pending[0];
    if (first === 0) return TAR_END.length;
    if (pending.toString('latin1', 156, 157) !== 'x') return TAR_BLOCK;
    const size = Number.parseInt(pending.toString('latin1', 124, 135), 8);
    if (!(size > 0 && size <= MAX_PAX)) throw damaged(this.#file, this.member, 'a pax header after it has an impossible size');
    return TAR_BLOCK + size + paddingOf(size) + TAR_BLOCK;
  }

  #begin(): void {
    const raw = this.#pending;
    this.#pending = Buffer.alloc(0);
    const entry = decodeHeader(raw);
    // Our writer knows one way to write an entry: whatever differs from it was changed or is not ours.
    if (typeof entry === 'string') throw damaged(this.#file, this.member, `the header after it ${entry}`);
    refuseUnsafe(this.#file.archive, entry);
    if (!encodeHeader(entry).equals(raw)) throw damaged(this.#file, entry.path, 'its header is not as stepwell writes it');
    this.#offset += raw.length;
    this.#entry = { entry, at: this.#offset };
    this.#offset += entry.bytes;
    this.#left = entry.bytes;
    this.#padding = paddingOf(entry.bytes);
    this.#digest = createHash('sha256');
    this.#state = 'content';
    if (entry.bytes === 0) this.#endMember();
  }
}

const TYPES: Record<string, TarEntry['type']> = { 0: 'file', 5: 'directory', 2: 'link' };

/** The entry of a header with its pax header, or what is wrong with it. */
function decodeHeader(raw: Buffer): TarEntry | string {
  const header = raw.subarray(raw.length - TAR_BLOCK);
  for (const block of raw.length > TAR_BLOCK ? [raw.subarray(0, TAR_BLOCK), header] : [header]) {
    if (block.toString('latin1', 257, 265) !== 'ustar\x0000') return 'is no ustar header';
    if (number(block, 148, 6) !== headerSum(block)) return 'has a wrong checksum';
  }
  const pax =
    raw.length > TAR_BLOCK ? paxRecords(raw.subarray(TAR_BLOCK, TAR_BLOCK + number(raw, 124, 11))) : new Map<string, string>();
  if (pax === null) return 'has a broken pax header';
  const type = TYPES[field(header, 156, 1)];
  if (type === undefined) return `is of type ${JSON.stringify(field(header, 156, 1))}, which no archive of ours has`;
  const prefix = field(header, 345, 155);
  const path = pax.get('path') ?? (prefix === '' ? '' : `${prefix}/`) + field(header, 0, 100);
  const entry = {
    type,
    path: type === 'directory' ? path.replace(/\/$/, '') : path,
    bytes: Number(pax.get('size') ?? number(header, 124, 11)),
    executable: type === 'file' && (number(header, 100, 7) & 0o100) !== 0,
    mtime: number(header, 136, 11),
    target: pax.get('linkpath') ?? field(header, 157, 100),
  };
  if (!Number.isSafeInteger(entry.bytes) || entry.bytes < 0 || !Number.isSafeInteger(entry.mtime))
    return 'has an impossible size or time';
  if (type !== 'file' && entry.bytes > 0) return 'gives a content to something that has none';
  return entry;
}

function field(header: Buffer, at: number, length: number): string {
  const end = header.indexOf(0, at);
  return header.toString('latin1', at, end === -1 ? at + length : Math.min(end, at + length));
}

function number(header: Buffer, at: number, length: number): number {
  return Number.parseInt(header.toString('latin1', at, at + length), 8);
}

function paxRecords(data: Buffer): Map<string, string> | null {
  const records = new Map<string, string>();
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(0x20, at);
    const length = Number(data.toString('latin1', at, space));
    const record = data.subarray(space + 1, at + length);
    const equals = record.indexOf(0x3d);
    if (space === -1 || !(length > 0) || at + length > data.length || equals === -1 || record.at(-1) !== 0x0a) return null;
    records.set(record.toString('utf8', 0, equals), record.toString('utf8', equals + 1, record.length - 1));
    at += length;
  }
  return records;
}
