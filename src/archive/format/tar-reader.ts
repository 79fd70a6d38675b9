import { createHash } from 'node:crypto';
import { damagedError } from '../errors.ts';
import { decodeHeader } from './tar.ts';
import { refuseUnsafe } from './member.ts';
import type { ArchiveMember } from './member.ts';
import { encodeHeader, paddingOf, TAR_BLOCK, TAR_END } from './tar.ts';
import type { TarEntry } from './tar.ts';

/** No pax header of ours is longer: it holds a path and a link's target. */
const MAX_PAX = 64 * 1024;

/** Takes a tar stream in pieces of any size and lists its members with the digests of their contents. */
export class TarReader {
  readonly members: ArchiveMember[] = [];
  readonly #file: { readonly archive: string };
  #state: 'header' | 'content' | 'ended' = 'header';
  /** Headers not yet complete, or the end blocks. */
  #pending = Buffer.alloc(0);
  #offset = 0;
  #entry: { entry: TarEntry; at: number } | null = null;
  #left = 0;
  #padding = 0;
  #digest = createHash('sha256');

  constructor(file: { readonly archive: string }) {
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
    if (!complete) throw damagedError(this.#file, this.member, 'its tar stream ends early');
  }

  #takeContent(chunk: Buffer): Buffer {
    const content = chunk.subarray(0, this.#left);
    this.#digest.update(content);
    this.#left -= content.length;
    const padding = chunk.subarray(content.length, content.length + this.#padding);
    if (this.#left > 0) return padding;
    if (padding.some((byte) => byte !== 0))
      throw damagedError(this.#file, this.member, 'the padding after its content is not empty');
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
      if (this.#state === 'ended') throw damagedError(this.#file, this.member, 'something follows the end of its tar stream');
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
    if (!(size > 0 && size <= MAX_PAX))
      throw damagedError(this.#file, this.member, 'a pax header after it has an impossible size');
    return TAR_BLOCK + size + paddingOf(size) + TAR_BLOCK;
  }

  #begin(): void {
    const raw = this.#pending;
    this.#pending = Buffer.alloc(0);
    const entry = decodeHeader(raw);
    // Our writer knows one way to write an entry: whatever differs from it was changed or is not ours.
    if (typeof entry === 'string') throw damagedError(this.#file, this.member, `the header after it ${entry}`);
    refuseUnsafe(this.#file.archive, entry);
    if (!encodeHeader(entry).equals(raw)) throw damagedError(this.#file, entry.path, 'its header is not as stepwell writes it');
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
