/** A local file, read by ranges. */
import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { ifErrno } from '../errno.ts';
import { sha256Of, type ByteSource, type OpenBytes } from './byte-source.ts';

export interface LocalFile extends OpenBytes {
  /** As it was when it was opened; `size` is its size then. */
  readonly stats: Stats;
}

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * Opens a regular file for reading; null for what is none. A name may have become a pipe or a link since somebody looked: a
 * pipe is not waited for, and a link is followed only where the user named it.
 *
 * @throws the system's error; ELOOP for a link
 */
export async function openLocalFile(path: string | Buffer, options: { followLinks?: boolean } = {}): Promise<LocalFile | null> {
  // Windows has neither of the two.
  const flags = O_RDONLY | (O_NONBLOCK ?? 0) | (options.followLinks === true ? 0 : (O_NOFOLLOW ?? 0));
  // So a socket answers.
  const handle = await open(path, flags).catch(ifErrno('ENXIO', null));
  if (handle === null) return null;
  const stats = await handle.stat().catch(async (error: unknown) => {
    await handle.close();
    throw error;
  });
  if (!stats.isFile()) {
    await handle.close();
    return null;
  }
  return { ...byteSourceOf(handle, stats.size), stats, [Symbol.asyncDispose]: () => handle.close() };
}

/** The bytes of a file that is open. */
export function byteSourceOf(handle: FileHandle, size: number): ByteSource {
  return {
    size,
    async read(offset, length) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
  };
}

/** SHA-256 of a file's first `bytes` (default: all), in hex. @throws the system's error, or one that says that it is no file */
export async function sha256OfFile(path: string, bytes?: number): Promise<string> {
  await using file = await openLocalFile(path);
  if (file === null) throw new Error(`${path} is not a regular file`);
  return await sha256Of(file, bytes);
}
