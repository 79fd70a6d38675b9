/** `manifest-sha256.txt`: the lines of coreutils and BagIt, so that `sha256sum -c` checks an unpacked archive without us. */
import { CHECKSUMS_FILE } from '../../store/index.ts';
import type { ArchiveMember } from './member.ts';

/** One line for each regular file except the list itself, in the archive's order. */
export function checksumsText(members: Iterable<Pick<ArchiveMember, 'path' | 'sha256'>>): string {
  let text = '';
  for (const { path, sha256 } of members) if (sha256 !== null && path !== CHECKSUMS_FILE) text += checksumLine(path, sha256);
  return text;
}

function checksumLine(path: string, sha256: string): string {
  // coreutils marks a line with a backslash when it had to escape the name.
  if (!/[\\\n]/.test(path)) return `${sha256}  ${path}\n`;
  return `\\${sha256}  ${path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`;
}

/** Path to digest, the malformed lines, and the paths listed more than once. */
export function parseChecksums(text: string): { digests: Map<string, string>; malformed: string[]; duplicates: string[] } {
  const digests = new Map<string, string>();
  const malformed: string[] = [];
  const duplicates: string[] = [];
  const lines = text.split('\n');
  if (lines.pop() !== '') malformed.push('the end of the last line is missing');
  for (const line of lines) {
    const match = /^(\\?)([0-9a-f]{64}) {2}(.+)$/s.exec(line);
    if (match === null) {
      malformed.push(line.slice(0, 200));
      continue;
    }
    const [, escaped, digest = '', name = ''] = match;
    const path = escaped === '' ? name : name.replace(/\\([n\\])/g, (_, code: string) => (code === 'n' ? '\n' : '\\'));
    if (digests.has(path)) duplicates.push(path);
    digests.set(path, digest);
  }
  return { digests, malformed, duplicates };
}
