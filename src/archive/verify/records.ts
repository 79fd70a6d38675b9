/** The logs inside the archive: folded once, and watched for records that were lost on the way. */
import type { RecordedError, RunSummary } from '../../schema.ts';
import { LOGS_DIR, readRecords, RUN_LOG } from '../../store.ts';
import type { ReadItem, RunSource } from '../../store.ts';
import { foldRecords } from '../../summary.ts';
import type { Findings } from './report.ts';

/** Differences named per writer; the rest of a writer's holes is counted. */
const HOLES_NAMED = 5;

export interface FoldedRun {
  readonly summary: RunSummary;
  /** Of the last `run_end`, with its stack, which the summary leaves out. */
  readonly error: RecordedError | null;
  /** SHA-1 of each clarification's answer, in order. */
  readonly hitl: string[];
}

export async function foldArchive(findings: Findings, source: RunSource): Promise<FoldedRun> {
  const sizes = new Map((await source.files(LOGS_DIR)).map(({ path, bytes }) => [path, bytes]));
  const hitl: string[] = [];
  let error: RecordedError | null = null;
  const lastSeq = new Map<string, number>();
  const holes = new Map<string, string[]>();
  const watch = async function* (): AsyncGenerator<ReadItem> {
    for await (const item of readRecords(source)) {
      if ('record' in item) {
        const { writer, seq, event, metadata } = item.record;
        findings.count('log_records');
        if (event === 'run_end' && item.file === RUN_LOG) error = item.record.error ?? null;
        if (event === 'hitl') hitl.push(String(metadata['response_sha1']));
        if (writer !== undefined && seq !== undefined) {
          const due = (lastSeq.get(writer) ?? 0) + 1;
          if (seq !== due) holes.set(writer, [...(holes.get(writer) ?? []), holeText(due, seq)]);
          lastSeq.set(writer, seq);
        }
      }
      yield item;
    }
  };
  const summary = await foldRecords(watch(), sizes);
  for (const [writer, found] of holes) {
    for (const hole of found.slice(0, HOLES_NAMED)) findings.add(`records of writer ${writer}`, 'every number once', hole);
    const more = found.length - HOLES_NAMED;
    if (more > 0) findings.add(`records of writer ${writer}`, 'every number once', `${more} more such places`);
  }
  return { summary, error, hitl };
}

function holeText(due: number, seq: number): string {
  if (seq < due) return `number ${seq} again, after ${due - 1}`;
  return seq === due + 1 ? `number ${due} is missing` : `numbers ${due} to ${seq - 1} are missing`;
}
