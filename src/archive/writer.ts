/**
 * Writes the archive: entries become a tar stream, the stream is cut into blocks, blocks are compressed on zlib's threads and
 * written in order. A file of {@link OWN_BLOCK} or more begins a block, so that it can be read without adjacent files.
 */
import { createHash, hash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { BLOCK_BYTES, packBlock } from './format/block.ts';
import type { ArchiveBlock, ArchiveMember } from './format/member.ts';
import { encodeHeader, paddingOf, TAR_END } from './format/tar.ts';
import type { TarEntry } from './format/tar.ts';

/** Smaller files share a block: one each would cost a quarter more time and 3 % of size. */
const OWN_BLOCK = 64 * 1024;
const ZEROS = Buffer.alloc(512);

/** A position to roll back to: see {@link ArchiveWriter.rollback}. */
export interface WriterCheckpoint {
  readonly blocks: number;
  readonly members: number;
  readonly tarBytes: number;
  readonly tar: Hash;
}

export class ArchiveWriter {
  readonly members: ArchiveMember[] = [];
  readonly blocks: ArchiveBlock[] = [];
  readonly #file: FileHandle;
  readonly #level: number;
  readonly #concurrency: number;
  readonly #spare: Buffer<ArrayBuffer>[] = [];
  #queue: { packed: Promise<Buffer[]>; data: Buffer<ArrayBuffer>; tarOffset: number }[] = [];
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #fill = 0;
  #position = 0;
  #tar = createHash('sha256');
  #tarBytes = 0;
  #content: { entry: TarEntry; at: number; sha256: Hash } | null = null;

  /** `concurrency` blocks are compressed at a time. */
  constructor(file: FileHandle, options: { level: number; concurrency: number }) {
    this.#file = file;
    this.#level = options.level;
    this.#concurrency = options.concurrency;
  }

  /** Adds an entry whose content, if any, is at hand. `content.length` must be `entry.bytes`. */
  async add(entry: TarEntry, content: Buffer = Buffer.alloc(0)): Promise<void> {
    if (content.length >= OWN_BLOCK) await this.#flush();
    await this.#write(encodeHeader(entry));
    const sha256 = entry.type === 'file' ? hash('sha256', content) : null;
    this.members.push({ ...entry, at: this.#tarBytes, sha256 });
    await this.#write(content);
    await this.#write(ZEROS.subarray(0, paddingOf(content.length)));
  }

  /** Begins a file whose content follows in pieces. The checkpoint leads back to before it. */
  async begin(entry: TarEntry): Promise<WriterCheckpoint> {
    await this.#flush();
    const blocks = this.blocks.length + this.#queue.length;
    const checkpoint = { blocks, members: this.members.length, tarBytes: this.#tarBytes, tar: this.#tar.copy() };
    await this.#write(encodeHeader(entry));
    this.#content = { entry, at: this.#tarBytes, sha256: createHash('sha256') };
    return checkpoint;
  }

  async append(piece: Buffer): Promise<void> {
    this.#content?.sha256.update(piece);
    await this.#write(piece);
  }

  async end(): Promise<void> {
    const { entry, at, sha256 } = this.#content ?? fail('no file is open');
    if (this.#tarBytes - at !== entry.bytes) fail(`${entry.path} got ${this.#tarBytes - at} bytes of ${entry.bytes}`);
    this.members.push({ ...entry, at, sha256: sha256.digest('hex') });
    this.#content = null;
    await this.#write(ZEROS.subarray(0, paddingOf(entry.bytes)));
  }

  /** Takes back everything since the checkpoint, as if the file had never been begun. */
  async rollback(checkpoint: WriterCheckpoint): Promise<void> {
    while (this.#queue.length > 0) await this.#writeOldest();
    this.blocks.length = checkpoint.blocks;
    this.members.length = checkpoint.members;
    const last = this.blocks.at(-1);
    this.#position = last === undefined ? 0 : last.offset + last.bytes;
    this.#fill = 0;
    this.#tar = checkpoint.tar;
    this.#tarBytes = checkpoint.tarBytes;
    this.#content = null;
  }

  /** Ends the tar stream; the file then holds the archive and nothing else. Not synced. */
  async finish(): Promise<{ bytes: number; tarSha256: string }> {
    await this.#write(TAR_END);
    await this.#flush();
    while (this.#queue.length > 0) await this.#writeOldest();
    await this.#file.truncate(this.#position);
    return { bytes: this.#position, tarSha256: this.#tar.digest('hex') };
  }

  async #write(data: Buffer): Promise<void> {
    for (let from = 0; from < data.length;) {
      const taken = data.copy(this.#block, this.#fill, from);
      this.#fill += taken;
      this.#tarBytes += taken;
      from += taken;
      if (this.#fill === BLOCK_BYTES) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    if (this.#fill === 0) return;
    const data = this.#block;
    const used = data.subarray(0, this.#fill);
    this.#tar.update(used);
    const packed = packBlock(used, this.#level);
    // It is awaited when its turn to be written comes; a failure before that must not count as unhandled.
    packed.catch(() => {});
    this.#queue.push({ packed, data, tarOffset: this.#tarBytes - this.#fill });
    this.#block = this.#spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#fill = 0;
    while (this.#queue.length >= this.#concurrency) await this.#writeOldest();
  }

  async #writeOldest(): Promise<void> {
    const oldest = this.#queue[0] ?? fail('no block is waiting');
    const pieces = await oldest.packed;
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const { bytesWritten } = await this.#file.writev(pieces, this.#position);
    // writev does not say why it stopped short; a plain write of the rest does.
    if (bytesWritten < bytes)
      await writeAll(this.#file, Buffer.concat(pieces).subarray(bytesWritten), this.#position + bytesWritten);
    this.blocks.push({ offset: this.#position, bytes, tarOffset: oldest.tarOffset });
    this.#position += bytes;
    this.#queue.shift();
    this.#spare.push(oldest.data);
  }
}

async function writeAll(file: FileHandle, data: Buffer, position: number): Promise<void> {
  for (let from = 0; from < data.length;) {
    const { bytesWritten } = await file.write(data, from, data.length - from, position + from);
    from += bytesWritten;
  }
}

function fail(what: string): never {
  throw new Error(`archive writer: ${what}`);
}
