/** The workspace as it stood before a step, so that the next attempt begins where the failed one began. */
import { constants, type Stats } from 'node:fs';
import { chmod, copyFile, lstat, lutimes, mkdir, readdir, readlink, rm, symlink, utimes } from 'node:fs/promises';

/** Paths are bytes: a framework may have made names that are not UTF-8. */
type Bytes = Buffer;

const SLASH = Buffer.from('/');
const FILES_AT_ONCE = 16;
/** Permission and set-id bits of a mode. */
const PERMISSIONS = 0o7777;

function child(dir: Bytes, name: Bytes): Bytes {
  return Buffer.concat([dir, SLASH, name]);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** Copies one entry with mode and times. False for what has no content to copy: sockets, pipes, devices. */
async function copyEntry(from: Bytes, to: Bytes): Promise<boolean> {
  const facts = await lstat(from);
  if (facts.isSymbolicLink()) {
    await symlink(await readlink(from, { encoding: 'buffer' }), to);
    await lutimes(to, facts.atimeMs / 1000, facts.mtimeMs / 1000);
    return true;
  }
  if (facts.isDirectory()) {
    await mkdir(to, { recursive: true });
    await copyChildren(from, to);
    // Last: a directory that forbids writing must first be filled, and filling it changes its time.
    await copyFacts(facts, to);
    return true;
  }
  if (!facts.isFile()) return false;
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await copyFacts(facts, to);
  return true;
}

/** Times to a microsecond: build tools compare them, and a millisecond would make equal what was not. */
async function copyFacts(facts: Stats, to: Bytes): Promise<void> {
  await chmod(to, facts.mode & PERMISSIONS);
  await utimes(to, facts.atimeMs / 1000, facts.mtimeMs / 1000);
}

async function copyChildren(from: Bytes, to: Bytes): Promise<void> {
  const names = await readdir(from, { encoding: 'buffer' });
  for (let start = 0; start < names.length; start += FILES_AT_ONCE) {
    await Promise.all(names.slice(start, start + FILES_AT_ONCE).map((name) => copyEntry(child(from, name), child(to, name))));
  }
}

/** Makes every directory below writable, so that its entries can be removed. */
async function openDirectories(path: Bytes): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return;
  await chmod(path, 0o700);
  for (const name of await readdir(path, { encoding: 'buffer' })) await openDirectories(child(path, name));
}

/** Removes a path and all below it, also from directories that forbid writing. What does not exist is removed already. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(codeOf(error) ?? '')) throw error;
    await openDirectories(Buffer.from(path));
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Copies the workspace to `snapshot`, sharing blocks where the file system can. An older snapshot there is replaced. */
export async function takeSnapshot(workspace: string, snapshot: string): Promise<void> {
  await removeTree(snapshot);
  await copyEntry(Buffer.from(workspace), Buffer.from(snapshot));
}

/** Puts the workspace back exactly as {@link takeSnapshot} found it: contents, modes, times, links. */
export async function restoreSnapshot(snapshot: string, workspace: string): Promise<void> {
  await removeTree(workspace);
  await copyEntry(Buffer.from(snapshot), Buffer.from(workspace));
}
