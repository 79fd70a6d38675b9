/** The workspace as the baseline shows it to the model, and as it writes what the model answered. */
import { isUtf8 } from 'node:buffer';
import { chmod, lstat, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, failureReason, IGNORED_DIRECTORIES, digestDirectory, writeFileAtomic } from '../../store/index.ts';

/** Version control, installed packages, caches. */
const OMITTED_DIRECTORIES = [...IGNORED_DIRECTORIES, '.cache', '.pytest_cache', '.mypy_cache'];
/** Data and build output at the top level. Deeper down, these names may belong to sources. */
const OMITTED_TOP = /^(data|dist|build|target)\//;
const OMITTED_FILE = /(^|\/)(\.env(\..*)?|.*\.(db|sqlite3?|log|lock)|package-lock\.json)$/i;
const FILE_LIMIT = 64 * 1024;
const TOTAL_LIMIT = 256 * 1024;

/** As the model is shown it, or answers it. */
export interface ProjectFile {
  /** Below the workspace. */
  readonly path: string;
  readonly content: string;
  readonly executable: boolean;
}

export interface WorkspaceListing {
  /** In the order of their paths. */
  readonly files: readonly ProjectFile[];
  readonly omitted: readonly { readonly path: string; readonly bytes: number }[];
}

export async function readWorkspace(workspace: string): Promise<WorkspaceListing> {
  const files: ProjectFile[] = [];
  const unshown: { path: string; bytes: number }[] = [];
  let total = 0;
  for (const [path, entry] of await digestDirectory(workspace, { ignore: OMITTED_DIRECTORIES })) {
    if (OMITTED_TOP.test(path)) continue;
    const fits = entry.bytes <= FILE_LIMIT && total + entry.bytes <= TOTAL_LIMIT;
    const shown = entry.kind === 'file' && fits && !OMITTED_FILE.test(path);
    // A name that is not UTF-8 cannot be opened as text, and a file may disappear meanwhile.
    const bytes = shown ? await readFile(join(workspace, path)).catch(() => null) : null;
    if (bytes === null || bytes.includes(0) || !isUtf8(bytes)) {
      unshown.push({ path, bytes: entry.bytes });
      continue;
    }
    total += bytes.length;
    files.push({ path, content: bytes.toString('utf8'), executable: entry.executable });
  }
  return { files, omitted: unshown };
}

/** File systems allow 255; the temporary name that a file has while it is written is longer than its own. */
const NAME_LIMIT = 200;
/** macOS allows 1,024 for the whole path, and the workspace's own is part of it. */
const PATH_LIMIT = 600;

/** Why a path must not be written or removed, or null when it may. Checks the disk for symbolic links along the path. */
export async function unsafePathReason(workspace: string, path: string): Promise<string | null> {
  if (path === '') return 'it is empty';
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'it has a control character';
  if (path.includes('\\')) return 'it has a backslash';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'it is absolute';
  const segments = path.split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) return 'it has an empty, . or .. part';
  if (segments.some((segment) => segment.toLowerCase() === '.git')) return 'it is inside .git';
  if (segments.some((segment) => Buffer.byteLength(segment) > NAME_LIMIT))
    return `a part of it is longer than ${NAME_LIMIT} bytes`;
  if (Buffer.byteLength(path) > PATH_LIMIT) return `it is longer than ${PATH_LIMIT} bytes`;
  for (let depth = 1; depth <= segments.length; depth += 1) {
    const part = segments.slice(0, depth).join('/');
    const facts = await lstat(join(workspace, part)).catch((error: Error) => error);
    if (facts instanceof Error) return errnoOf(facts) === 'ENOENT' ? null : `the system refuses it (${failureReason(facts)})`;
    if (facts.isSymbolicLink()) return `${part} is a symbolic link`;
    if (depth < segments.length && !facts.isDirectory()) return `${part} is no directory`;
    if (depth === segments.length && !facts.isFile()) return 'something that is no file has that name';
  }
  return null;
}

/** Replaces the file as a whole; `start.sh` and files with a `#!` line can be executed whether the model said so or not. */
export async function writeAnswerFile(workspace: string, file: ProjectFile): Promise<{ executable: boolean }> {
  const target = join(workspace, file.path);
  const executable = file.executable || file.path === 'start.sh' || file.content.startsWith('#!');
  await mkdir(dirname(target), { recursive: true });
  await writeFileAtomic(target, file.content);
  await chmod(target, executable ? 0o755 : 0o644);
  return { executable };
}

export async function removeAnswerFile(workspace: string, path: string): Promise<void> {
  await rm(join(workspace, path), { force: true });
}
