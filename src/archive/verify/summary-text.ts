/** Two texts of a summary compared line by line, each line named by its section, its step and its label. */
import { FORMAT_VERSION } from '../../schema/index.ts';
import { SUMMARY_FILE } from '../../store/index.ts';
import type { Differences } from './report.ts';

const ARCHIVE_SECTION = '\nARCHIVE INTEGRITY\n';

/** The summary as of sealing. One that another minor version rendered may have other words for the same facts. */
export function checkSealedSummary(differences: Differences, sealed: string | null, rendered: string, version: string): void {
  const file = `${SUMMARY_FILE} in the archive`;
  if (sealed === null) differences.add(file, 'the summary as of sealing', 'missing from the archive');
  else if (version === FORMAT_VERSION) compareSummary(differences, file, sealed, rendered);
  else
    differences.note(
      `${SUMMARY_FILE} was rendered by a stepwell of format ${version}: it is compared with its sealed copy, not rendered again`,
    );
}

/** What the sealed text became once the archive was there, whichever version rendered it. */
export function withArchiveOf(sealed: string, rendered: string): string {
  const [end, start] = [sealed.lastIndexOf(ARCHIVE_SECTION), rendered.lastIndexOf(ARCHIVE_SECTION)];
  return sealed.slice(0, end) + rendered.slice(start);
}

export function compareSummary(differences: Differences, file: string, expected: string, actual: string): void {
  const printed = linesOf(expected);
  const recomputed = linesOf(actual);
  let differ = 0;
  for (const name of new Set([...printed.keys(), ...recomputed.keys()])) {
    differences.count('summary_lines');
    const [one, other] = [printed.get(name), recomputed.get(name)];
    if (one === other) continue;
    differ += 1;
    differences.add(`${file} ${name}`, one ?? 'no such line', other ?? 'no such line');
  }
  if (differ > 0 || expected === actual) return;
  differences.add(file, 'these lines in this order', 'the same lines in another order');
}

/** Name of each line to what it says. Lines of the same name are numbered. */
function linesOf(text: string): Map<string, string> {
  const lines = new Map<string, string>();
  const all = text.split('\n');
  let section = '';
  let group = '';
  for (const [index, line] of all.entries()) {
    const isTitle = /^=+$/.test(all[index - 1] ?? '') && /^=+$/.test(all[index + 1] ?? '');
    if (isTitle) [section, group] = [line, ''];
    const label = /^[\s-]*([^:[]{1,60}):/.exec(line)?.[1] ?? '';
    if (!isTitle && /^\S/.test(line)) group = label;
    const parts = [section, ...(isTitle ? [] : line.startsWith(' ') ? [group, label] : [label])].filter((part) => part !== '');
    let name = parts.join(': ') || 'line';
    for (let again = 2; lines.has(name); again++) name = `${parts.join(': ') || 'line'} (${again})`;
    lines.set(name, line);
  }
  return lines;
}
