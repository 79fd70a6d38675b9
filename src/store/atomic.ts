/** Replaces a file so that a reader, or a machine that loses power, sees the old content or the new one and nothing between. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** What atomic replacement needs of the file system. */
export interface AtomicDisk {
  readonly open: typeof open;
  readonly rename: typeof rename;
  readonly rm: typeof rm;
  readonly stat: typeof stat;
}

/**
 * Writes `data` to a temporary file beside `path`, syncs it, renames it over `path` and syncs the directory. The mode of a
 * file that is replaced is kept. On any error the temporary file is removed and `path` is as it was.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  disk: AtomicDisk = { open, rename, rm, stat },
): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  const mode = await modeOf(path, disk);
  try {
    const file = await disk.open(temporary, 'wx', mode ?? 0o644);
    try {
      await file.writeFile(data);
      // The umask may have taken bits from the mode asked for.
      if (mode !== null) await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(temporary, path);
  } catch (error) {
    await disk.rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(directory, disk);
}

async function modeOf(path: string, disk: AtomicDisk): Promise<number | null> {
  try {
    return (await disk.stat(path)).mode & 0o777;
  } catch {
    return null;
  }
}

/** Makes the names inside a directory durable: what was created, renamed or removed in it. */
export async function syncDirectory(path: string, disk: Pick<AtomicDisk, 'open'> = { open }): Promise<void> {
  // Windows cannot open a directory.
  if (process.platform === 'win32') return;
  const directory = await disk.open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
