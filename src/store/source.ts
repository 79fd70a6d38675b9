/** Where a run's files are read from: its directory, or its archive (see the archive area). Paths are relative, with `/`. */
import { createReadStream } from 'node:fs';
import { lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, failureReason } from './errno.ts';
import { LOGS_DIR, METADATA_FILE, PRIVATE_DIR } from './layout.ts';
import { storeError } from './errors.ts';

export interface SourceFile {
  readonly path: string;
  /** As far as the source shows it: of a sealed log file the part before the seal. */
  readonly bytes: number;
}

/** A run as a set of files. Log files end where the run was sealed, unless the source was opened for everything. */
export interface RunSource extends AsyncDisposable {
  readonly kind: 'directory' | 'archive';
  /** Absolute or as given: the directory or the archive, for messages. */
  readonly location: string;
  /** Regular files below `under` (default: all), sorted by path. Links are not followed and not named. */
  files(under?: string): Promise<SourceFile[]>;
  /** The whole file, or null when the run has none of that name. For small files. */
  read(path: string): Promise<Buffer | null>;
  /** The file piece by piece. @throws RUN_FILE_MISSING when iterated */
  stream(path: string): AsyncIterable<Buffer>;
}

export interface OpenRunDirectoryOptions {
  /**
   * Bytes of each log file that belong to the sealed record. Default: what metadata.json says, and everything when it says
   * nothing. Null: everything, also what was logged after sealing.
   */
  readonly sealed?: Readonly<Record<string, number>> | null;
}

/** Opens a run directory for reading, live or finished, of stepwell or of the original system. @throws NOT_A_RUN */
export async function openRunDirectory(dir: string, options: OpenRunDirectoryOptions = {}): Promise<RunSource> {
  const found = await lstat(dir).catch(absent);
  if (found === null || !found.isDirectory()) throw storeError('NOT_A_RUN', { path: dir, reason: 'there is no such directory' });
  const sealed = options.sealed === undefined ? await sealedFiles(dir) : options.sealed;
  /** Bytes to show of a file that has `bytes` on disk. */
  const shown = (path: string, bytes: number): number => {
    if (sealed === null || !isLog(path)) return bytes;
    return Math.min(bytes, Object.hasOwn(sealed, path) ? (sealed[path] ?? 0) : 0);
  };
  const sizeOf = async (path: string): Promise<number | null> => {
    if (!isInside(path)) return null;
    const stats = await lstat(join(dir, path)).catch(absent);
    if (stats === null || !stats.isFile() || isAfterSeal(path, sealed)) return null;
    return shown(path, stats.size);
  };

  return {
    kind: 'directory',
    location: dir,
    async files(under = '') {
      const found: SourceFile[] = [];
      await walk(dir, under.replace(/\/$/, ''), async (path) => {
        const bytes = await sizeOf(path);
        if (bytes !== null) found.push({ path, bytes });
      });
      return found.sort((a, b) => (a.path < b.path ? -1 : 1));
    },
    async read(path) {
      const bytes = await sizeOf(path);
      if (bytes === null) return null;
      const data = await readFile(join(dir, path));
      return isLog(path) && sealed !== null ? data.subarray(0, bytes) : data;
    },
    async *stream(path) {
      const bytes = await sizeOf(path);
      if (bytes === null) throw storeError('RUN_FILE_MISSING', { path, location: dir });
      if (bytes === 0) return;
      yield* createReadStream(join(dir, path), { end: bytes - 1 }) as AsyncIterable<Buffer>;
    },
    async [Symbol.asyncDispose]() {
      // Nothing stays open between calls.
    },
  };
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);

/** Null when there is nothing of that name. What is there and cannot be read must not pass for absent: a run would lose its logs. */
function absent(error: Error & { path?: string }): null {
  if (ABSENT.has(errnoOf(error) ?? '')) return null;
  throw storeError('RUN_UNREADABLE', { path: error.path ?? 'unknown', reason: failureReason(error) }, { cause: error });
}

function isLog(path: string): boolean {
  return path.startsWith(`${LOGS_DIR}/`);
}

/** A file that did not exist when the run was sealed is no part of the sealed record. */
function isAfterSeal(path: string, sealed: Readonly<Record<string, number>> | null): boolean {
  return sealed !== null && isLog(path) && !Object.hasOwn(sealed, path);
}

async function sealedFiles(dir: string): Promise<Record<string, number> | null> {
  const text = await readFile(join(dir, METADATA_FILE), 'utf8').catch(absent);
  if (text === null) return null;
  let metadata: unknown;
  try {
    metadata = JSON.parse(text);
  } catch {
    // Whoever needs the metadata reports that it is broken; without it nothing is known to be sealed.
    return null;
  }
  const files = (metadata as { sealed?: { files?: unknown } | null } | null)?.sealed?.files;
  if (typeof files !== 'object' || files === null) return null;
  return Object.fromEntries(Object.entries(files).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1])));
}

function isInside(path: string): boolean {
  return path !== '' && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'));
}

async function walk(root: string, under: string, visit: (path: string) => Promise<void>): Promise<void> {
  if (under !== '' && !isInside(under)) return;
  const entries = (await readdir(join(root, under), { withFileTypes: true }).catch(absent)) ?? [];
  for (const entry of entries) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (path === PRIVATE_DIR) continue;
    if (entry.isDirectory()) await walk(root, path, visit);
    else if (entry.isFile()) await visit(path);
  }
}
