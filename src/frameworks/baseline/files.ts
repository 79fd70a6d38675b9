/** Writes what a model answered into the workspace, and nowhere else. */
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, failureReason, writeFileAtomic } from '../../store.ts';
import type { AnsweredFile } from './answer.ts';

/** File systems allow 255; the temporary name that a file has while it is written is longer than its own. */
const NAME_LIMIT = 200;
/** macOS allows 1,024 for the whole path, and the workspace's own is part of it. */
const PATH_LIMIT = 600;

/** Why a path may not be written or removed, or null when it may. Looks at the disk for links on the way. */
export async function unsafePathReason(workspace: string, path: string): Promise<string | null> {
  if (path === '') return 'it is empty';
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'it has a control character';
  if (path.includes('\\')) return 'it has a backslash';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'it is absolute';
  const segments = path.split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) return 'it has an empty, . or .. part';
  if (segments.some((segment) => segment.toLowerCase() === '.git')) return 'it lies in .git';
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
export async function writeAnswered(workspace: string, file: AnsweredFile): Promise<{ executable: boolean }> {
  const target = join(workspace, file.path);
  const executable = file.executable || file.path === 'start.sh' || file.content.startsWith('#!');
  await mkdir(dirname(target), { recursive: true });
  await writeFileAtomic(target, file.content);
  await chmod(target, executable ? 0o755 : 0o644);
  return { executable };
}

export async function removeAnswered(workspace: string, path: string): Promise<void> {
  await rm(join(workspace, path), { force: true });
}
