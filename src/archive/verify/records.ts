/** The logs inside the archive: folded once, and watched for records that were lost on the way or belong to another run. */
import type { RecordedError, RunSummary } from '../../schema/index.ts';
import { LOGS_DIR, readRecords, RUN_LOG, SeqCoverage } from '../../store/index.ts';
import type { ReadItem, RunSource } from '../../store/index.ts';
import { foldRecords } from '../../summary/index.ts';
import type { Differences } from './report.ts';

/** Places named of each kind of difference; the rest is counted. */
const NAMED = 5;

export interface FoldedRun {
  readonly summary: RunSummary;
  /** Of the last `run_end`, with its stack, which the summary leaves out. */
  readonly error: RecordedError | null;
  /** SHA-1 of each clarification's answer, in order. */
  readonly hitl: string[];
}

export async function foldArchive(differences: Differences, source: RunSource): Promise<FoldedRun> {
  const sizes = new Map((await source.files(LOGS_DIR)).map(({ path, bytes }) => [path, bytes]));
  const hitl: string[] = [];
  let error: RecordedError | null = null;
  let run: string | null = null;
  const numbers = new Map<string, SeqCoverage>();
  const repeated = new Places();
  const foreign = new Places();
  const watch = async function* (): AsyncGenerator<ReadItem> {
    for await (const item of readRecords(source)) {
      if ('record' in item) {
        const { writer, seq, run_id, event, metadata } = item.record;
        differences.count('log_records');
        if (event === 'run_end' && item.file === RUN_LOG) error = item.record.error ?? null;
        if (event === 'hitl') hitl.push(String(metadata['response_sha1']));
        run ??= run_id;
        if (run_id !== run) foreign.add(`run ${run_id}, in ${item.file} line ${item.line}`);
        if (writer !== undefined && seq !== undefined) {
          const seen = numbers.get(writer) ?? new SeqCoverage();
          numbers.set(writer, seen);
          if (!seen.add(seq)) repeated.add(`number ${seq} of writer ${writer} again, in ${item.file} line ${item.line}`);
        }
      }
      yield item;
    }
  };
  const summary = await foldRecords(watch(), sizes);
  for (const [writer, seen] of numbers) {
    const holes = new Places();
    for (const { first, last } of seen.gaps()) holes.add(holeText(first, last));
    holes.report(differences, `records of writer ${writer}`, 'every number once');
  }
  repeated.report(differences, 'record numbers', 'every number once');
  foreign.report(differences, 'records of another run', `run ${run ?? 'unknown'}`);
  return { summary, error, hitl };
}

/** Where something is wrong: the first places in words, the rest as a count. */
class Places {
  readonly #named: string[] = [];
  #more = 0;

  add(place: string): void {
    if (this.#named.length < NAMED) this.#named.push(place);
    else this.#more += 1;
  }

  report(differences: Differences, item: string, expected: string): void {
    for (const place of this.#named) differences.add(item, expected, place);
    if (this.#more > 0) differences.add(item, expected, `${this.#more} more such places`);
  }
}

function holeText(first: number, last: number): string {
  return first === last ? `number ${first} is missing` : `numbers ${first} to ${last} are missing`;
}
