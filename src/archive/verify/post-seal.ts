/** What was logged after sealing is outside the archive: its lines must be records, and what they say of the archive true. */
import { join } from 'node:path';
import { EVENT_METADATA, type ArchiveFacts } from '../../schema/index.ts';
import {
  LineSplitter,
  LOGS_DIR,
  openLocalFile,
  parseRecord,
  readChunks,
  type ParsedRecord,
  type RawLine,
} from '../../store/index.ts';
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
    let broken: string | null = null;
    const report = (): void => {
      if (broken !== null) findings.add(`${path} after sealing`, 'records', broken);
      broken = null;
    };
    for await (const line of linesFrom(join(runDir, path), bytes)) {
      // A line that a death tore is no difference where the next writer found it and said so.
      if (line.ok && line.record.event === 'log.recovered') broken = null;
      report();
      if (!line.ok) broken = line.reason;
      else if (line.record.event === 'archive_created') compareArchive(findings, path, line.record.metadata, facts);
    }
    report();
  }
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

/** The lines behind the sealed bytes. None where the file is absent or shorter, which is another check's finding. */
async function* linesFrom(path: string, start: number): AsyncGenerator<ParsedRecord> {
  await using file = await openLocalFile(path).catch(() => null);
  if (file === null) return;
  const splitter = new LineSplitter();
  const parsed = ({ text }: RawLine): ParsedRecord => {
    return text === null ? { ok: false, reason: 'longer than any record' } : parseRecord(text);
  };
  for await (const piece of readChunks(file, start)) {
    for (const line of splitter.push(piece)) if (line.text !== '') yield parsed(line);
  }
  const rest = splitter.end();
  if (rest !== null) yield parsed(rest);
}
