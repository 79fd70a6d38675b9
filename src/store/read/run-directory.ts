/** A run in its directory, live or finished. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../errno.ts';
import { storeError } from '../errors.ts';
import { LOGS_DIR, METADATA_FILE, PRIVATE_DIR } from '../layout.ts';
import { openLocalFile } from './local-file.ts';
import { readWholeFile, createRunSource, unreadableError, type RunSource, type SourceFile } from './source.ts';
import { parseJson } from '../../schema/json.ts';

/** How much of a run directory is shown. */
export interface OpenRunDirectoryOptions {
  /**
   * Bytes of each log file that belong to the sealed record. Default: what metadata.json says, and everything when it says
   * nothing. Null: everything, also what was logged after sealing.
   */
  readonly sealed?: Readonly<Record<string, number>> | null;
}

/**
 * Opens a run directory for reading, live or finished, of stepwell or of the original system. Dispose of the source.
 *
 * @throws StepwellError with NOT_A_RUN when there is no such directory, RUN_UNREADABLE
 * @example
 * await using source = await openRunDirectory('runs/baseline/20261122-141503-k3f9');
 * for await (const item of readRecords(source)) if ('record' in item) console.log(item.record.message);
 */
export async function openRunDirectory(dir: string, options: OpenRunDirectoryOptions = {}): Promise<RunSource> {
  const found = await lstat(dir).catch(nullIfAbsent);
  if (found === null || !found.isDirectory()) throw storeError('NOT_A_RUN', { path: dir, reason: 'there is no such directory' });
  const sealed = options.sealed === undefined ? await readSealedSizes(dir) : options.sealed;
  /** Bytes to show of a file that has `bytes` on disk; null for one that is no part of the sealed record. */
  const visibleBytes = (path: string, bytes: number): number | null => {
    if (sealed === null || !isLog(path)) return bytes;
    return Object.hasOwn(sealed, path) ? Math.min(bytes, Math.max(0, sealed[path] ?? 0)) : null;
  };

  return createRunSource({
    kind: 'directory',
    location: dir,
    async files(under = '') {
      const found: SourceFile[] = [];
      await walk(dir, under.replace(/\/$/, ''), async (path) => {
        const stats = await lstat(join(dir, path)).catch(nullIfAbsent);
        const bytes = stats?.isFile() === true ? visibleBytes(path, stats.size) : null;
        if (bytes !== null) found.push({ path, bytes });
      });
      return found.sort((a, b) => (a.path < b.path ? -1 : 1));
    },
    async open(path) {
      if (!isSafeRelativePath(path) || visibleBytes(path, 0) === null) return null;
      const file = await openLocalFile(join(dir, path)).catch(nullIfAbsent);
      if (file === null) return null;
      const size = visibleBytes(path, file.size) ?? 0;
      return {
        size,
        read: (offset, length) => file.read(offset, Math.max(0, Math.min(length, size - offset))),
        [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
      };
    },
    async [Symbol.asyncDispose]() {
      // Nothing stays open between calls.
    },
  });
}

const ABSENT_CODES = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);

/**
 * Null when there is nothing of that name. What is there and cannot be read must not pass for absent: a run would lose its logs.
 */
function nullIfAbsent(error: Error & { path?: string }): null {
  if (ABSENT_CODES.has(errnoOf(error) ?? '')) return null;
  throw unreadableError(error.path ?? 'unknown', error);
}

function isLog(path: string): boolean {
  return path.startsWith(`${LOGS_DIR}/`);
}

async function readSealedSizes(dir: string): Promise<Record<string, number> | null> {
  await using file = await openLocalFile(join(dir, METADATA_FILE)).catch(nullIfAbsent);
  if (file === null) return null;
  // Readers of the metadata report that it is broken; without it nothing is known to be sealed.
  const metadata = parseJson((await readWholeFile(file, METADATA_FILE)).toString('utf8'));
  const files = (metadata as { sealed?: { files?: unknown } | null } | null | undefined)?.sealed?.files;
  if (typeof files !== 'object' || files === null) return null;
  return Object.fromEntries(Object.entries(files).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1])));
}

function isSafeRelativePath(path: string): boolean {
  return path !== '' && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'));
}

async function walk(root: string, under: string, visit: (path: string) => Promise<void>): Promise<void> {
  if (under !== '' && !isSafeRelativePath(under)) return;
  const entries = (await readdir(join(root, under), { withFileTypes: true }).catch(nullIfAbsent)) ?? [];
  for (const entry of entries) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (path === PRIVATE_DIR) continue;
    if (entry.isDirectory()) await walk(root, path, visit);
    else if (entry.isFile()) await visit(path);
  }
}
