/** A snapshot of the workspace before a step, so that the next attempt starts from the same state. */
import { constants, type Stats } from 'node:fs';
import { access, chmod, copyFile, lstat, lutimes, mkdir, readdir, readlink, rm, symlink, utimes } from 'node:fs/promises';
import { errnoOf } from '../store/index.ts';

/** Paths are bytes: a framework may have made names that are not UTF-8. */
type PathBytes = Buffer;

const SLASH = Buffer.from('/');
const CONCURRENT_COPIES = 16;
/** Permission and set-id bits of a mode. */
const PERMISSION_BITS = 0o7777;

function child(dir: PathBytes, name: PathBytes): PathBytes {
  return Buffer.concat([dir, SLASH, name]);
}

/** Whether the mode of what `facts` describe is ours to change. */
function isOwnedByUs(facts: Stats): boolean {
  const user = process.geteuid?.();
  return user === undefined || user === 0 || facts.uid === user;
}

/**
 * Whether an entry can be copied and, if a directory, emptied again. Files that we cannot read are skipped, and so is
 * a directory of another user: we cannot restore it, and only its owner can have changed it.
 */
async function isAccessible(path: PathBytes, facts: Stats): Promise<boolean> {
  const { R_OK, W_OK, X_OK } = constants;
  const needed = facts.isDirectory() ? R_OK | X_OK | (isOwnedByUs(facts) ? 0 : W_OK) : R_OK;
  return await access(path, needed).then(
    () => true,
    () => false,
  );
}

/** Runs `work` while the owner may read the entry, and then gives it back its mode. */
async function withReadAccess(path: PathBytes, facts: Stats, work: () => Promise<void>): Promise<void> {
  const needed = facts.isDirectory() ? 0o500 : 0o400;
  if ((facts.mode & needed) === needed || !isOwnedByUs(facts)) return await work();
  // Where even that is forbidden, what cannot be read is found out next.
  const opened = await chmod(path, (facts.mode & PERMISSION_BITS) | needed).then(
    () => true,
    () => false,
  );
  try {
    await work();
  } finally {
    if (opened) await chmod(path, facts.mode & PERMISSION_BITS);
  }
}

/** Copies one entry with mode and times. Sockets, pipes and devices have no content to copy; what is closed to us is told. */
async function copyEntry(from: PathBytes, to: PathBytes, onClosed: (from: PathBytes) => void): Promise<void> {
  const facts = await lstat(from);
  if (facts.isSymbolicLink()) {
    await symlink(await readlink(from, { encoding: 'buffer' }), to);
    await lutimes(to, facts.atimeMs / 1000, facts.mtimeMs / 1000);
    return;
  }
  if (!facts.isDirectory() && !facts.isFile()) return;
  await withReadAccess(from, facts, async () => {
    if (!(await isAccessible(from, facts))) return onClosed(from);
    if (facts.isDirectory()) return await copyDirectory(from, to, facts, onClosed);
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    await copyModeAndTimes(facts, to);
  });
}

async function copyDirectory(from: PathBytes, to: PathBytes, facts: Stats, onClosed: (from: PathBytes) => void): Promise<void> {
  const isNew = (await mkdir(to, { recursive: true })) !== undefined;
  await copyChildren(from, to, onClosed);
  // Last: a directory that forbids writing must first be filled, and filling it changes its time.
  if (isNew || isOwnedByUs(await lstat(to))) await copyModeAndTimes(facts, to);
}

/** Times to a microsecond: build tools compare them, and a millisecond would make equal what was not. */
async function copyModeAndTimes(facts: Stats, to: PathBytes): Promise<void> {
  await chmod(to, facts.mode & PERMISSION_BITS);
  await utimes(to, facts.atimeMs / 1000, facts.mtimeMs / 1000);
}

async function copyChildren(from: PathBytes, to: PathBytes, onClosed: (from: PathBytes) => void): Promise<void> {
  const names = await readdir(from, { encoding: 'buffer' });
  for (let start = 0; start < names.length; start += CONCURRENT_COPIES) {
    await Promise.all(
      names.slice(start, start + CONCURRENT_COPIES).map((name) => copyEntry(child(from, name), child(to, name), onClosed)),
    );
  }
}

/** Makes every own directory below writable, so that its entries can be removed. */
async function makeDirectoriesWritable(path: PathBytes): Promise<void> {
  const facts = await lstat(path);
  if (!facts.isDirectory() || !isOwnedByUs(facts)) return;
  await chmod(path, 0o700);
  for (const name of await readdir(path, { encoding: 'buffer' })) await makeDirectoriesWritable(child(path, name));
}

/** Removes a path and all below it, also from directories that forbid writing. What does not exist is removed already. */
export async function removeRecursively(path: string | PathBytes): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) throw error;
    await makeDirectoriesWritable(Buffer.from(path));
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

/**
 * Copies the workspace to `snapshot`, sharing blocks where the file system can. An older snapshot there is replaced. The
 * answer is what could not be copied, by path: unreadable files and closed directories of other users.
 */
export async function takeSnapshot(workspace: string, snapshot: string): Promise<readonly Buffer[]> {
  await removeRecursively(snapshot);
  const closed: PathBytes[] = [];
  await copyEntry(Buffer.from(workspace), Buffer.from(snapshot), (path) => closed.push(path));
  return closed.sort((a, b) => a.compare(b));
}

/**
 * Puts the workspace back exactly as {@link takeSnapshot} found it: contents, modes, times, links. The directory itself stays the same
 * one: a process that lives across steps works in it.
 *
 * @param closed what it could not copy; of that nothing is touched
 */
export async function restoreSnapshot(snapshot: string, workspace: string, closed: readonly Buffer[] = []): Promise<void> {
  const top = Buffer.from(workspace);
  if (closed.some((path) => path.equals(top))) return;
  await removeExcept(top, closed, true);
  await copyEntry(Buffer.from(snapshot), top, (path) => {
    throw new Error(`the snapshot cannot be read: ${path.toString()}`);
  });
}

/** Removes a path and all below it, except what is `kept` and the directories on the way there. `stays`: a directory is only emptied. */
async function removeExcept(path: PathBytes, kept: readonly PathBytes[], stays = false): Promise<void> {
  if (kept.some((each) => each.equals(path))) return;
  const start = Buffer.concat([path, SLASH]);
  const below = kept.filter((each) => each.subarray(0, start.length).equals(start));
  const facts = below.length === 0 && !stays ? null : await lstat(path).catch(() => null);
  if (facts?.isDirectory() !== true) return await removeRecursively(path);
  if (isOwnedByUs(facts)) await chmod(path, 0o700);
  for (const name of await readdir(path, { encoding: 'buffer' })) await removeExcept(child(path, name), below);
}
