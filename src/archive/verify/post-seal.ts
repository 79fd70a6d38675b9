/** What was logged after sealing is outside the archive: its lines must be records, and what they say of the archive true. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { EVENT_METADATA, type ArchiveFacts } from '../../schema.ts';
import { LOGS_DIR, parseRecord } from '../../store.ts';
import type { ArchiveMember } from '../format/member.ts';
import type { Findings } from './report.ts';

export async function checkLoggedAfter(
  findings: Findings,
  runDir: string,
  members: readonly ArchiveMember[],
  facts: ArchiveFacts,
): Promise<void> {
  for (const { path, type, bytes } of members) {
    if (type !== 'file' || !path.startsWith(`${LOGS_DIR}/`)) continue;
    const lines = (await linesFrom(join(runDir, path), bytes)).map((line) => parseRecord(line));
    for (const [index, line] of lines.entries()) {
      if (line.ok) {
        if (line.record.event === 'archive_created') compareArchive(findings, path, line.record.metadata, facts);
      } else if (!reportsFragment(lines[index + 1])) findings.add(`${path} after sealing`, 'records', line.reason);
    }
  }
}

/** A line that a death tore is no difference where the next writer found it and said so. */
function reportsFragment(next: ReturnType<typeof parseRecord> | undefined): boolean {
  return next?.ok === true && next.record.event === 'log.recovered';
}

function compareArchive(findings: Findings, path: string, metadata: Record<string, unknown>, facts: ArchiveFacts): void {
  const logged = EVENT_METADATA.archive_created.safeParse(metadata);
  const what = `${path} archive_created`;
  if (!logged.success) return findings.add(what, 'the facts of the archive', 'metadata of another form');
  findings.compare(`${what} archive`, logged.data.archive, facts.name);
  findings.compare(`${what} bytes`, String(logged.data.bytes), String(facts.bytes));
  findings.compare(`${what} sha256`, logged.data.sha256, facts.sha256);
  findings.compare(`${what} members`, String(logged.data.members), String(facts.members));
}

/** The lines behind the sealed bytes: a handful. None where the file is absent or shorter, which is another check's finding. */
async function linesFrom(path: string, start: number): Promise<string[]> {
  const file = await open(path).catch(() => null);
  if (file === null) return [];
  try {
    const { size } = await file.stat();
    if (size <= start) return [];
    const { buffer } = await file.read({ buffer: Buffer.alloc(size - start), position: start });
    return buffer
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
  } finally {
    await file.close();
  }
}
