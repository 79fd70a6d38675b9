/** Checks what was logged after sealing, outside the archive: lines must be valid records and agree with the archive. */
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
import type { Differences } from './report.ts';

export async function checkPostSealRecords(
  differences: Differences,
  runDir: string,
  members: readonly ArchiveMember[],
  facts: ArchiveFacts,
): Promise<void> {
  for (const { path, type, bytes } of members) {
    if (type !== 'file' || !path.startsWith(`${LOGS_DIR}/`)) continue;
    let broken: string | null = null;
    const report = (): void => {
      if (broken !== null) differences.add(`${path} after sealing`, 'records', broken);
      broken = null;
    };
    for await (const line of linesFrom(join(runDir, path), bytes)) {
      // A line that a death tore is no difference where the next writer found it and said so.
      if (line.ok && line.record.event === 'log.recovered') broken = null;
      report();
      if (!line.ok) broken = line.reason;
      else if (line.record.event === 'archive_created') compareArchive(differences, path, line.record.metadata, facts);
    }
    report();
  }
}

function compareArchive(differences: Differences, path: string, metadata: Record<string, unknown>, facts: ArchiveFacts): void {
  const logged = EVENT_METADATA.archive_created.safeParse(metadata);
  const what = `${path} archive_created`;
  if (!logged.success) return differences.add(what, 'the facts of the archive', 'metadata of another form');
  differences.compare(`${what} archive`, logged.data.archive, facts.name);
  differences.compare(`${what} bytes`, String(logged.data.bytes), String(facts.bytes));
  differences.compare(`${what} sha256`, logged.data.sha256, facts.sha256);
  differences.compare(`${what} members`, String(logged.data.members), String(facts.members));
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
