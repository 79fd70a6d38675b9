/** The archive's members against its own list of digests. */
import { CHECKSUMS_FILE } from '../../store/index.ts';
import { checksumsText, parseChecksums } from '../format/checksums.ts';
import type { ArchiveMember } from '../format/member.ts';
import type { Differences } from './report.ts';

/** `list` is the content of manifest-sha256.txt, null when the archive has none. */
export function checkMembers(differences: Differences, members: readonly ArchiveMember[], list: string | null): void {
  const { digests, malformed, duplicates } = parseChecksums(list ?? '');
  if (list === null) differences.add(CHECKSUMS_FILE, 'a list of digests', 'missing from the archive');
  const found = new Set<string>();
  for (const { path, type, sha256 } of members) {
    differences.count('archive_members');
    if (found.has(path)) differences.add(path, 'once in the archive', 'there more than once');
    found.add(path);
    if (type !== 'file' || path === CHECKSUMS_FILE || list === null) continue;
    const expected = digests.get(path);
    if (expected === undefined) differences.add(path, `not in ${CHECKSUMS_FILE}`, 'in the archive');
    else if (expected !== sha256) differences.add(path, expected, sha256 ?? 'no content');
  }
  for (const path of digests.keys()) {
    if (!found.has(path)) differences.add(path, `in ${CHECKSUMS_FILE}`, 'missing from the archive');
  }
  for (const line of malformed) differences.add(CHECKSUMS_FILE, 'a digest and a path', line);
  for (const path of duplicates) differences.add(CHECKSUMS_FILE, `${path} once`, 'listed more than once');
  // What the checks above cannot see: an order or a form that the packer does not write.
  if (list !== null && differences.items.length === 0 && list !== checksumsText(members)) {
    differences.add(CHECKSUMS_FILE, 'the lines in the order of the archive', 'another order or form');
  }
}
