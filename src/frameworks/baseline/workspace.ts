/** The workspace as the model sees it: the text files, up to a bound; of the rest, names and sizes. */
import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IGNORED_DIRECTORIES, snapshotTree } from '../../store.ts';

/** Version control, installed packages, caches. */
const UNSHOWN_DIRECTORIES = [...IGNORED_DIRECTORIES, '.cache', '.pytest_cache', '.mypy_cache'];
/** What the service that is built stores, and what is built from its sources. Deeper in, such names may be of sources. */
const UNSHOWN_TOP = /^(data|dist|build|target)\//;
const UNSHOWN_FILE = /(^|\/)(\.env(\..*)?|.*\.(db|sqlite3?|log|lock)|package-lock\.json)$/i;
const FILE_LIMIT = 64 * 1024;
const TOTAL_LIMIT = 256 * 1024;

export interface ShownWorkspace {
  /** In the order of their paths. */
  readonly files: readonly { readonly path: string; readonly content: string; readonly executable: boolean }[];
  readonly unshown: readonly { readonly path: string; readonly bytes: number }[];
}

export async function readWorkspace(workspace: string): Promise<ShownWorkspace> {
  const files: { path: string; content: string; executable: boolean }[] = [];
  const unshown: { path: string; bytes: number }[] = [];
  let total = 0;
  for (const [path, entry] of await snapshotTree(workspace, { ignore: UNSHOWN_DIRECTORIES })) {
    if (UNSHOWN_TOP.test(path)) continue;
    const fits = entry.bytes <= FILE_LIMIT && total + entry.bytes <= TOTAL_LIMIT;
    const shown = entry.kind === 'file' && fits && !UNSHOWN_FILE.test(path);
    // A name that is not UTF-8 leads nowhere as text, and a file may go meanwhile.
    const bytes = shown ? await readFile(join(workspace, path)).catch(() => null) : null;
    if (bytes === null || bytes.includes(0) || !isUtf8(bytes)) {
      unshown.push({ path, bytes: entry.bytes });
      continue;
    }
    total += bytes.length;
    files.push({ path, content: bytes.toString('utf8'), executable: entry.executable });
  }
  return { files, unshown };
}
