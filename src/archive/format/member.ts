/** What an archive holds, and at which place of its tar stream. */
import type { ArchiveFacts } from '../../schema/index.ts';
import { WORKSPACE_DIR } from '../../store/index.ts';
import type { TarEntry } from './tar.ts';
import { archiveError } from '../errors.ts';

export interface ArchiveMember extends TarEntry {
  /** Offset of the content in the tar stream. */
  readonly at: number;
  /** Of a regular file's content; null for directories and links, which have none. */
  readonly sha256: string | null;
}

/** Where one gzip member begins in the archive, and which part of the tar stream it holds. */
export interface ArchiveBlock {
  readonly offset: number;
  readonly bytes: number;
  readonly tarOffset: number;
}

/** A NUL, or a segment that is empty, `.` or `..`. */
const SUSPECT = /\0|(?:^|\/)\.{0,2}(?:\/|$)/;

/** Throws when unpacking the entry could write or point outside the directory it is unpacked to. @throws ARCHIVE_UNSAFE */
export function refuseUnsafe(archive: string, entry: Pick<TarEntry, 'type' | 'path' | 'target'>): void {
  if (entry.type === 'file' && !SUSPECT.test(entry.path)) return;
  const refuse = (reason: string) => archiveError('ARCHIVE_UNSAFE', { archive, member: entry.path, reason });
  if (entry.path.includes('\0')) throw refuse('has a NUL in its name');
  if (entry.path.startsWith('/')) throw refuse('has an absolute path');
  const parts = entry.path.split('/');
  if (parts.includes('..')) throw refuse('climbs out of the directory with ..');
  if (parts.includes('') || parts.includes('.')) throw refuse('has an empty or dot segment in its path');
  if (entry.type !== 'link') return;
  if (parts[0] !== WORKSPACE_DIR || parts.length < 2) throw refuse('is a link outside the workspace');
  const reason = escapingLink(parts.length - 2, entry.target);
  if (reason !== null) throw refuse(`is a link that could lead outside: ${reason}`);
}

/**
 * Why a link `depth` directories below the workspace may lead out of it, or null when it cannot, whatever its target passes
 * through: a target that goes up first and then only down stays inside as long as every link in the workspace does.
 */
export function escapingLink(depth: number, target: string): string | null {
  if (target === '' || target.includes('\0')) return 'its target is no path';
  if (target.startsWith('/')) return 'its target is absolute';
  let up = 0;
  let down = false;
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') down = true;
    else if (down) return 'its target goes up again after a name';
    else up += 1;
  }
  return up > depth ? 'its target is outside the workspace' : null;
}

/** Members by top-level entry of the archive, for {@link ArchiveFacts}: directories first, each in the archive's order. */
export function contentsOf(members: Iterable<Pick<TarEntry, 'path' | 'type'>>): ArchiveFacts['contents'] {
  const counts = new Map<string, number>();
  for (const { path, type } of members) {
    const slash = path.indexOf('/');
    const name = slash >= 0 ? path.slice(0, slash + 1) : type === 'directory' ? `${path}/` : path;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const contents = [...counts].map(([name, count]) => ({ name, members: count }));
  return [...contents.filter(({ name }) => name.endsWith('/')), ...contents.filter(({ name }) => !name.endsWith('/'))];
}
