/** The record itself: how much was logged, what is damaged or missing, and the archive that seals it. */
import { formatBytes, pluralize, formatNumber, formatStep, sumComplete, UNKNOWN } from '../../format/index.ts';
import type { ArchiveFacts, RunSummary } from '../../schema/index.ts';
import { fact, facts, item, limitedFacts, type ReportBlock, type Fact } from './model.ts';
import { contentsText, isThirdParty } from './phrases.ts';

const COMPONENTS_LISTED = 8;
const HITL_LISTED = 5;
const LEFT_OUT_LISTED = 5;
const CONTENTS_LINES = 6;
const SHA1 = /^[0-9a-f]{40}$/;

/** By component; what is not as it should be is named only where there is some of it. */
export function logBlocks(summary: RunSummary): ReportBlock[] {
  const components = new Map<string, { lines: number; bytes: number | null }>();
  for (const { component, ...file } of summary.log_files) {
    const sum = components.get(component) ?? { lines: 0, bytes: 0 };
    components.set(component, { lines: sum.lines + file.lines, bytes: sumComplete([sum.bytes, file.bytes]) });
  }
  const sorted = [...components].sort((a, b) => b[1].lines - a[1].lines || (a[0] < b[0] ? -1 : 1));
  return [
    facts(
      fact(
        'Log Lines',
        `${summary.log_lines} (${formatBytes(summary.log_bytes)}) in ${pluralize(summary.log_files.length, 'file')}`,
      ),
      ...limitedFacts(
        sorted,
        COMPONENTS_LISTED,
        ([component, sum]) => item(component, `${pluralize(sum.lines, 'line')}, ${formatBytes(sum.bytes)}`),
        (left) => item(null, `${pluralize(left, 'more component')} not listed`),
      ),
      fact('Redactions', formatNumber(summary.redactions)),
      ...damageFacts(summary),
    ),
  ];
}

function damageFacts({ damaged, malformed, torn, dropped, ...summary }: RunSummary): (Fact | null)[] {
  const some = (label: string, count: number, more = '', least = 1): Fact | null =>
    count < least ? null : fact(label, `${count}${more}`);
  const [line, record] = [damaged.first[0], malformed.first[0]];
  return [
    some('Damaged Lines', damaged.count, line && ` (first: ${line.file} line ${line.line}, ${line.reason})`),
    some('Malformed Records', malformed.count, record && ` (first: ${record.file} line ${record.line}, ${record.event})`),
    some('Torn Lines Isolated', torn.count, ` (${formatBytes(torn.bytes)})`),
    some('Dropped Lines', dropped.count, ` (${formatBytes(dropped.bytes)})`),
    some('Missing Records', summary.missing_records),
    some('Truncated Records', summary.truncated_records),
    some('Late Records', summary.late_records),
    some('Writers', summary.writers, '', 2),
  ];
}

/** Empty when nothing was asked. */
export function hitlBlocks({ hitl }: RunSummary): ReportBlock[] {
  if (hitl.count === 0) return [];
  const asked = hitl.first.slice(0, HITL_LISTED).map(({ step, query_length, response_sha1 }) => {
    const sha1 = SHA1.test(response_sha1) ? response_sha1.slice(0, 10) : UNKNOWN;
    const where = step === null ? 'Outside steps' : `Step ${formatStep(step)}`;
    return item(where, `SHA-1 ${sha1} (question of ${pluralize(query_length, 'character')})`);
  });
  const left = hitl.count - HITL_LISTED;
  const more = left > 0 ? item(null, `${left} more; see hitl_events.jsonl`) : null;
  return [facts(fact('Total Interactions', String(hitl.count)), ...asked, more)];
}

export function archiveBlocks(archive: ArchiveFacts | null): ReportBlock[] {
  if (archive === null) return [facts(fact('Archive', 'not yet sealed'))];
  const { excluded_secrets: secrets, skipped } = archive;
  const some = (paths: readonly unknown[], noun: string, more = ''): string | null =>
    paths.length === 0 ? null : `${pluralize(paths.length, noun)}${more}`;
  return [
    facts(
      ...archiveFacts(archive),
      fact('Left Out (holding a secret)', some(secrets, 'file')),
      ...limitedFacts(
        secrets,
        LEFT_OUT_LISTED,
        (path) => item(null, path),
        (left) => item(null, `${left} more; see metadata.json`),
      ),
      fact('Not Kept (links, special files)', some(skipped, 'path', '; see metadata.json')),
    ),
  ];
}

function archiveFacts(archive: ArchiveFacts): (Fact | null)[] {
  return [
    fact('Archive', { code: archive.name }),
    fact('SHA-256', { code: archive.sha256 }),
    fact('Size', formatBytes(archive.bytes)),
    fact('Contents', contentsText(archive), { lines: CONTENTS_LINES }),
  ];
}

/** All of it in a few facts. */
export function recordBlocks(summary: RunSummary, archive: ArchiveFacts | null): ReportBlock[] {
  return [
    facts(
      fact('Log Lines', { trusted: `${summary.log_lines} (${formatBytes(summary.log_bytes)})` }),
      fact('Damaged Lines', String(summary.damaged.count)),
      fact('Dropped Lines', String(summary.dropped.count)),
      fact('Missing Records', String(summary.missing_records)),
      fact('Redactions', formatNumber(summary.redactions)),
      fact('Clarifications', isThirdParty(summary) ? UNKNOWN : String(summary.hitl.count)),
      ...(archive === null ? [fact('Archive', 'not yet sealed')] : archiveFacts(archive)),
    ),
  ];
}
