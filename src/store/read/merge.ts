/** All log files of a run as one sequence in true order. */
import { LOGS_DIR, RECONCILIATION_LOG, RUN_LOG, parseLogPath } from '../layout.ts';
import { readLogBatches, type FilePart, type LineItem } from './records.ts';
import type { RunSource } from './source.ts';

/** What of a run to read. */
export interface ReadRecordsOptions {
  /** Only these files, relative to the run directory: `logs/run.log`. Default: every log file of the run. */
  readonly files?: readonly string[];
  /** Only these parts of files, by file. */
  readonly parts?: ReadonlyMap<string, FilePart>;
}

/**
 * Every line of a run's log files in true order: within a writer by `seq`, across writers by time, and always in the order
 * of each file. A damaged line comes right after the line before it. Only the files whose time has come are open, with one
 * stretch of each in memory.
 *
 * @throws StepwellError, while it is iterated, with RUN_UNREADABLE, RUN_FILE_MISSING (one of `files`), or ARCHIVE_DAMAGED
 * @example
 * for await (const item of readRecords(source)) {
 *   if ('record' in item && item.record.level === 'error') console.log(`${item.file}:${item.line}`, item.record.message);
 * }
 */
export async function* readRecords(source: RunSource, options: ReadRecordsOptions = {}): AsyncGenerator<LineItem> {
  const files = options.files ?? (options.parts === undefined ? null : [...options.parts.keys()]) ?? (await logFilesOf(source));
  const waiting: Cursor[] = [];
  for (const [rank, file] of files.toSorted(compareLayoutOrder).entries()) {
    const cursor = new Cursor(source, { file, rank, part: options.parts?.get(file) ?? null });
    if (await cursor.advance()) waiting.push(cursor);
    // The stretch is read again when the file's turn comes: a run of a thousand steps has thousands of files.
    await cursor.pause();
  }
  waiting.sort((a, b) => compareLines(b, a));
  const open: Cursor[] = [];
  try {
    for (;;) {
      // A file joins as soon as nothing open comes before its first line.
      for (
        let next = waiting.at(-1);
        next !== undefined && (open[0] === undefined || compareLines(next, open[0]) <= 0);
        next = waiting.at(-1)
      ) {
        waiting.pop();
        if (!(await next.advance())) continue;
        open.push(next);
        siftUp(open, open.length - 1);
      }
      const first = open[0];
      if (first === undefined) return;
      yield first.item;
      if (first.step() || (await first.advance())) {
        siftDown(open, 0);
      } else {
        const last = open.pop();
        if (last !== undefined && last !== first) {
          open[0] = last;
          siftDown(open, 0);
        }
      }
    }
  } finally {
    for (const cursor of open) await cursor.pause();
  }
}

/** The log files of a run, in the order in which a person would read them. */
export async function logFilesOf(source: RunSource): Promise<string[]> {
  const files = await source.files(LOGS_DIR);
  return files
    .map((file) => file.path)
    .filter((path) => path.endsWith('.log'))
    .sort(compareLayoutOrder);
}

/** What orders two lines: key of the line, and the place of its file. */
interface LineKey {
  readonly time: number;
  readonly writer: string | null;
  readonly seq: number;
  readonly rank: number;
}

/**
 * Negative when `a` comes first. Lines of one writer go by `seq`, all others by time; within one millisecond writer by
 * writer, since a line of another between two of one writer could contradict their numbers.
 */
function compareLines(a: LineKey, b: LineKey): number {
  if (a.writer !== null && a.writer === b.writer && a.seq !== b.seq) return a.seq - b.seq;
  return a.time - b.time || compareNames(a.writer ?? '', b.writer ?? '') || a.rank - b.rank;
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A reading position in one file. */
class Cursor implements LineKey {
  /** Before the first record of a file: a file that starts with a damaged line is read at once. */
  time = Number.NEGATIVE_INFINITY;
  writer: string | null = null;
  seq = 0;
  readonly rank: number;
  readonly #source: RunSource;
  readonly #file: string;
  readonly #part: FilePart | null;
  #batches: AsyncGenerator<LineItem[]> | null = null;
  #batch: readonly LineItem[] = [];
  #at = 0;

  constructor(source: RunSource, place: { file: string; rank: number; part: FilePart | null }) {
    this.#source = source;
    this.#file = place.file;
    this.#part = place.part;
    this.rank = place.rank;
  }

  /** The current line; valid after `step` or `advance` returned true. */
  get item(): LineItem {
    return this.#batch[this.#at] as LineItem;
  }

  /** Moves to the next line within the stretch in memory. */
  step(): boolean {
    if (this.#at + 1 >= this.#batch.length) return false;
    this.#at += 1;
    this.#takeKey();
    return true;
  }

  /** Reads the next stretch; false at the end of the file. */
  async advance(): Promise<boolean> {
    this.#batches ??= readLogBatches(this.#source, this.#file, this.#part);
    for (;;) {
      const next = await this.#batches.next();
      if (next.done === true) return false;
      if (next.value.length === 0) continue;
      this.#batch = next.value;
      this.#at = 0;
      this.#takeKey();
      return true;
    }
  }

  /** Closes the file and forgets what was read, except the key of the current line. `advance` then reopens the file. */
  async pause(): Promise<void> {
    await this.#batches?.return(undefined);
    this.#batches = null;
    this.#batch = [];
  }

  #takeKey(): void {
    const item = this.item;
    // A damaged line has no time of its own: it keeps that of the line before it.
    if (!('record' in item)) return;
    const { record } = item;
    // Within a file time never goes back: another machine's clock must not move its lines before the lines above them.
    this.time = Math.max(this.time, Date.parse(record.timestamp));
    this.writer = record.seq === undefined ? null : (record.writer ?? null);
    this.seq = record.seq ?? 0;
  }
}

function siftUp(heap: Cursor[], from: number): void {
  let at = from;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (compareLines(heap[at] as Cursor, heap[parent] as Cursor) >= 0) return;
    swap(heap, at, parent);
    at = parent;
  }
}

function siftDown(heap: Cursor[], from: number): void {
  let at = from;
  for (;;) {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < heap.length && compareLines(heap[child] as Cursor, heap[least] as Cursor) < 0) least = child;
    }
    if (least === at) return;
    swap(heap, at, least);
    at = least;
  }
}

function swap(heap: Cursor[], a: number, b: number): void {
  const held = heap[a] as Cursor;
  heap[a] = heap[b] as Cursor;
  heap[b] = held;
}

const COMPONENT_ORDER = ['orchestrator', 'adapter', 'metrics', 'validator'];

/** run.log, then the steps by number and their components in the order of the layout, reconciliation.log last. */
function compareLayoutOrder(a: string, b: string): number {
  const [pa, pb] = [layoutRank(a), layoutRank(b)];
  return pa.group - pb.group || pa.step - pb.step || pa.component - pb.component || compareNames(a, b);
}

function layoutRank(file: string): { group: number; step: number; component: number } {
  const { component, step } = parseLogPath(file);
  const group = file === RUN_LOG ? 0 : file === RECONCILIATION_LOG ? 2 : 1;
  const place = COMPONENT_ORDER.indexOf(component);
  return { group, step: step ?? 0, component: place === -1 ? COMPONENT_ORDER.length : place };
}
