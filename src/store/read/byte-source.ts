/** Bytes that can be read at any place: of a local file, in memory, in a store behind a network. */
import { createHash } from 'node:crypto';

/** Bytes that can be read at any place. */
export interface ByteSource {
  /** How many there are, as far as the source says: what is read may still end before it. */
  readonly size: number;
  /** At most `length` bytes from `offset`. Fewer are allowed; none means that the source ends there. */
  read(offset: number, length: number): Promise<Buffer>;
}

/** An open file: dispose of it. */
export interface OpenBytes extends ByteSource, AsyncDisposable {}

/** Large enough that the calls cost little, small enough that a thousand open logs fit into memory. */
const CHUNK_BYTES = 64 * 1024;

/** The bytes of a range; fewer only where the source ends. */
export async function readRange(source: ByteSource, offset: number, length: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let have = 0; have < length;) {
    const piece = await readAtMost(source, offset + have, length - have);
    if (piece.length === 0) break;
    have += piece.length;
    pieces.push(piece);
  }
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}

/** The bytes from `from` to `to` as they come, in pieces of bounded size. Ends early where the source does. */
export async function* readChunks(source: ByteSource, from = 0, to = source.size): AsyncGenerator<Buffer> {
  for (let at = from; at < to;) {
    const piece = await readAtMost(source, at, Math.min(CHUNK_BYTES, to - at));
    if (piece.length === 0) return;
    yield piece;
    at += piece.length;
  }
}

/** SHA-256 of the first `bytes`, in hex. */
export async function sha256Of(source: ByteSource, bytes = source.size): Promise<string> {
  const digest = createHash('sha256');
  for await (const piece of readChunks(source, 0, bytes)) digest.update(piece);
  return digest.digest('hex');
}

/** A source that gives more than it was asked for must not shift everything behind it. */
async function readAtMost(source: ByteSource, offset: number, length: number): Promise<Buffer> {
  const piece = await source.read(offset, length);
  return piece.length > length ? piece.subarray(0, length) : piece;
}
