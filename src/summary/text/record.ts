/** The record itself: how much was logged, what is damaged or missing, and the archive that seals it. */
import type { ArchiveFacts, RunSummary } from '../../schema.ts';
import { bytes, counted, stepNumber, sumComplete, UNKNOWN } from '../../format.ts';
import { hanging } from '../columns.ts';
import { contentsText } from '../words.ts';

const COMPONENTS_LISTED = 8;
const HITL_LISTED = 5;
const LEFT_OUT_LISTED = 5;
const CONTENTS_LINES = 6;
const SHA1 = /^[0-9a-f]{40}$/;

export function logLines(summary: RunSummary): string[] {
  const components = new Map<string, { lines: number; bytes: number | null }>();
  for (const { component, ...file } of summary.log_files) {
    const sum = components.get(component) ?? { lines: 0, bytes: 0 };
    components.set(component, {
      lines: sum.lines + file.lines,
      bytes: sumComplete([sum.bytes, file.bytes]),
    });
  }
  const result = [
    `Log Lines: ${summary.log_lines} (${bytes(summary.log_bytes)}) in ${counted(summary.log_files.length, 'file')}`,
  ];
  const sorted = [...components].sort((a, b) => b[1].lines - a[1].lines || (a[0] < b[0] ? -1 : 1));
  for (const [component, sum] of sorted.slice(0, COMPONENTS_LISTED)) {
    result.push(`  - ${component}: ${counted(sum.lines, 'line')}, ${bytes(sum.bytes)}`);
  }
  if (sorted.length > COMPONENTS_LISTED)
    result.push(`  - ${counted(sorted.length - COMPONENTS_LISTED, 'more component')} not listed`);
  result.push(`Redactions: ${summary.redactions ?? UNKNOWN}`);
  return [...result, ...damageLines(summary)];
}

/** Only what is not as it should be. */
function damageLines({ damaged, malformed, torn, dropped, ...summary }: RunSummary): string[] {
  const lines: string[] = [];
  if (damaged.count > 0) {
    const first = damaged.first[0];
    lines.push(
      `Damaged Lines: ${damaged.count}${first === undefined ? '' : ` (first: ${first.file} line ${first.line}, ${first.reason})`}`,
    );
  }
  if (malformed.count > 0) {
    const first = malformed.first[0];
    lines.push(
      `Malformed Records: ${malformed.count}${first === undefined ? '' : ` (first: ${first.file} line ${first.line}, ${first.event})`}`,
    );
  }
  if (torn.count > 0) lines.push(`Torn Lines Isolated: ${torn.count} (${bytes(torn.bytes)})`);
  if (dropped.count > 0) lines.push(`Dropped Lines: ${dropped.count} (${bytes(dropped.bytes)})`);
  if (summary.missing_records > 0) lines.push(`Missing Records: ${summary.missing_records}`);
  if (summary.truncated_records > 0) lines.push(`Truncated Records: ${summary.truncated_records}`);
  if (summary.late_records > 0) lines.push(`Late Records: ${summary.late_records}`);
  if (summary.writers > 1) lines.push(`Writers: ${summary.writers}`);
  return lines;
}

/** Empty when nothing was asked. */
export function hitlLines({ hitl }: RunSummary): string[] {
  if (hitl.count === 0) return [];
  const lines = [`Total Interactions: ${hitl.count}`];
  for (const { step, query_length, response_sha1 } of hitl.first.slice(0, HITL_LISTED)) {
    const where = step === null ? 'Outside steps' : `Step ${stepNumber(step)}`;
    lines.push(
      `  - ${where}: SHA-1 ${SHA1.test(response_sha1) ? response_sha1.slice(0, 10) : UNKNOWN} (question of ${counted(query_length, 'character')})`,
    );
  }
  if (hitl.count > HITL_LISTED) lines.push(`  - ${hitl.count - HITL_LISTED} more; see hitl_events.jsonl`);
  return lines;
}

export function archiveLines(archive: ArchiveFacts | null): string[] {
  if (archive === null) return ['Archive: not yet sealed'];
  const { excluded_secrets: left, skipped } = archive;
  const lines = [
    `Archive: ${archive.name}`,
    `SHA-256: ${archive.sha256}`,
    `Size: ${bytes(archive.bytes)}`,
    ...hanging(`Contents: ${contentsText(archive)}`, CONTENTS_LINES),
  ];
  if (left.length > 0) lines.push(`Left Out (holding a secret): ${counted(left.length, 'file')}`);
  for (const path of left.slice(0, LEFT_OUT_LISTED)) lines.push(`  - ${path}`);
  if (left.length > LEFT_OUT_LISTED) lines.push(`  - ${left.length - LEFT_OUT_LISTED} more; see metadata.json`);
  if (skipped.length > 0) lines.push(`Not Kept (links, special files): ${counted(skipped.length, 'path')}; see metadata.json`);
  return lines;
}
