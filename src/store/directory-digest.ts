/** Digests of a directory tree, to decide whether an attempt added or changed any file. */
import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { constants, open, readdir, readlink, lstat } from 'node:fs/promises';
import { errnoOf } from './errno.ts';

/**
 * One path of a tree. Of a regular file, `bytes` and `sha256` are those of its content. Links are not followed and
 * special files not opened: their digest is that of a description (`link:<target>`, `fifo`, …), `bytes` its length for a
 * link and 0 otherwise. Unreadable entries are described by size and modification time.
 */
export interface EntryDigest {
  readonly kind: 'file' | 'link' | 'special' | 'unreadable';
  readonly bytes: number;
  readonly sha256: string;
  readonly executable: boolean;
}

/** By path relative to the tree's top, with `/`; bytes of a name that are not UTF-8 are written `\xNN`. */
export type DirectoryDigest = Map<string, EntryDigest>;

/** Paths in order. */
export interface DirectoryChange {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Directories that hold no work of a framework's own: version control, installed dependencies, byte code. */
export const IGNORED_DIRECTORIES: readonly string[] = ['.git', 'node_modules', '__pycache__', '.venv', 'venv'];

const BLOCK_BYTES = 256 * 1024;
const CONCURRENT_FILES = 4;

/**
 * Digests of everything in a directory, except directories named in `ignore` and Python environments of any name (they
 * hold a `pyvenv.cfg`). Empty directories are not entries. A missing directory is an empty tree; what disappears while
 * it is read is left out.
 */
export async function digestDirectory(dir: string, options: { ignore?: readonly string[] } = {}): Promise<DirectoryDigest> {
  const ignore = new Set(options.ignore ?? IGNORED_DIRECTORIES);
  const found: { path: string; full: Buffer }[] = [];
  const tree: DirectoryDigest = new Map();
  const pending: { path: string; full: Buffer }[] = [{ path: '', full: Buffer.from(dir) }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const children = await listDirectory(next.full);
    if (children === 'unreadable') tree.set(next.path, digestOfDescription('unreadable', 0, 'directory'));
    if (typeof children === 'string') continue;
    if (next.path !== '' && children.some((child) => child.name.equals(VIRTUAL_ENVIRONMENT))) continue;
    for (const child of children) {
      const name = printableName(child.name);
      const entry = {
        path: next.path === '' ? name : `${next.path}/${name}`,
        full: Buffer.concat([next.full, SLASH, child.name]),
      };
      if (!child.isDirectory()) found.push(entry);
      else if (!ignore.has(name)) pending.push(entry);
    }
  }
  let position = 0;
  const digestRest = async (): Promise<void> => {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    for (let file = found[position++]; file !== undefined; file = found[position++]) {
      const entry = await digestPath(file.full, block);
      if (entry !== null) tree.set(file.path, entry);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_FILES }, digestRest));
  return new Map([...tree].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What is in `after` and not in `before`, in both but different, and only in `before`. */
export function compareDigests(
  before: ReadonlyMap<string, EntryDigest>,
  after: ReadonlyMap<string, EntryDigest>,
): DirectoryChange {
  const added: string[] = [];
  const changed: string[] = [];
  for (const [path, now] of after) {
    const was = before.get(path);
    if (was === undefined) added.push(path);
    else if (was.kind !== now.kind || was.sha256 !== now.sha256 || was.executable !== now.executable) changed.push(path);
  }
  const removed = [...before.keys()].filter((path) => !after.has(path));
  return { added: added.sort(), changed: changed.sort(), removed: removed.sort() };
}

const SLASH = Buffer.from('/');
const VIRTUAL_ENVIRONMENT = Buffer.from('pyvenv.cfg');

async function listDirectory(full: Buffer): Promise<Dirent<Buffer>[] | 'unreadable' | 'gone'> {
  try {
    return await readdir(full, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    return isGone(error) ? 'gone' : 'unreadable';
  }
}

async function digestPath(full: Buffer, block: Buffer): Promise<EntryDigest | null> {
  try {
    const facts = await lstat(full);
    if (facts.isSymbolicLink()) {
      const target = await readlink(full, { encoding: 'buffer' });
      return { ...digestOfDescription('link', target.length, ''), sha256: digest('link:', target) };
    }
    if (facts.isFIFO()) return digestOfDescription('special', 0, 'fifo');
    if (facts.isSocket()) return digestOfDescription('special', 0, 'socket');
    if (!facts.isFile()) return digestOfDescription('special', 0, `device:${facts.rdev}`);
    try {
      return await digestFile(full, block);
    } catch (error) {
      if (isGone(error)) return null;
      return digestOfDescription('unreadable', facts.size, `${facts.size}:${facts.mtimeMs}`);
    }
  } catch (error) {
    if (isGone(error)) return null;
    return digestOfDescription('unreadable', 0, 'unknown');
  }
}

async function digestFile(full: Buffer, block: Buffer): Promise<EntryDigest> {
  // The path may have become a link or a pipe since it was looked at: neither is to be followed or waited for.
  const handle = await open(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const facts = await handle.stat();
    const hash = createHash('sha256');
    let bytes = 0;
    // Up to the size at opening, so that a file somebody still writes to comes to an end.
    while (bytes < facts.size) {
      const { bytesRead } = await handle.read(block, 0, Math.min(block.length, facts.size - bytes), bytes);
      if (bytesRead === 0) break;
      hash.update(block.subarray(0, bytesRead));
      bytes += bytesRead;
    }
    return { kind: 'file', bytes, sha256: hash.digest('hex'), executable: (facts.mode & 0o111) !== 0 };
  } finally {
    await handle.close();
  }
}

function digestOfDescription(kind: EntryDigest['kind'], bytes: number, description: string): EntryDigest {
  return { kind, bytes, sha256: digest(description), executable: false };
}

function digest(...parts: (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

function isGone(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The name as text; bytes that are not UTF-8 as `\xNN`. */
function printableName(name: Buffer): string {
  const text = name.toString('utf8');
  if (Buffer.from(text).equals(name)) return text;
  return Array.from(name, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
  ).join('');
}
