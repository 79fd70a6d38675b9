/** Compares the files of the run directory with the sealed ones. */
import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors/index.ts';
import {
  CASSETTE_FILE,
  COMMIT_FILE,
  CONFIG_FILE,
  HITL_FILE,
  LOGS_DIR,
  METRICS_FILE,
  sha256OfFile,
  WORKSPACE_DIR,
} from '../../store/index.ts';
import type { ArchiveMember } from '../format/member.ts';
import type { Differences } from './report.ts';

/** Files beside the archive that are never written again once they are in it. */
const KEPT_FILES = [METRICS_FILE, CONFIG_FILE, HITL_FILE, CASSETTE_FILE, COMMIT_FILE];
/** Git does not keep these, so a clone with the archive put back has none of them; then there is nothing to compare. */
const MAY_BE_ABSENT = [LOGS_DIR, WORKSPACE_DIR, CASSETTE_FILE];

/**
 * Log files may have grown since; everything else must be as it was packed. What was added since is not looked at.
 *
 * @param rewritten files that rightly differ now, and are checked otherwise
 */
export async function checkDisk(
  differences: Differences,
  runDir: string,
  members: readonly ArchiveMember[],
  rewritten: readonly string[],
): Promise<void> {
  const packed = new Set(members.map(({ path }) => path));
  for (const path of KEPT_FILES) {
    if (!packed.has(path) && (await lstat(join(runDir, path)).catch(() => null)) !== null)
      differences.add(path, 'in the archive', 'on disk only');
  }
  const absent = new Set<string>();
  for (const top of MAY_BE_ABSENT) if ((await lstat(join(runDir, top)).catch(() => null)) === null) absent.add(top);
  for (const member of members) {
    const top = member.path.split('/')[0] ?? '';
    if (absent.has(top) || rewritten.includes(member.path) || !(MAY_BE_ABSENT.includes(top) || KEPT_FILES.includes(member.path)))
      continue;
    differences.count('files_on_disk');
    const difference = await differenceOf(runDir, member, top === LOGS_DIR);
    if (difference !== null) differences.add(`${member.path} on disk`, difference.expected, difference.actual);
  }
}

async function differenceOf(
  runDir: string,
  member: ArchiveMember,
  mayGrow: boolean,
): Promise<{ expected: string; actual: string } | null> {
  const path = join(runDir, member.path);
  const stats = await lstat(path).catch(() => null);
  if (stats === null) return { expected: `${member.type}, as in the archive`, actual: 'missing' };
  if (member.type === 'directory') return stats.isDirectory() ? null : { expected: 'a directory', actual: 'something else' };
  if (member.type === 'link') {
    const target = await readlink(path).catch(() => 'no link');
    return target === member.target ? null : { expected: `link to ${member.target}`, actual: target };
  }
  if (!stats.isFile()) return { expected: 'a file', actual: 'something else' };
  const grown = mayGrow && stats.size > member.bytes;
  if (stats.size !== member.bytes && !grown) return { expected: `${member.bytes} bytes`, actual: `${stats.size} bytes` };
  try {
    const actual = await sha256OfFile(path, member.bytes);
    return actual === member.sha256 ? null : { expected: member.sha256 ?? '', actual };
  } catch (error) {
    return { expected: member.sha256 ?? '', actual: `cannot be read: ${messageOf(error)}` };
  }
}
