/** Follows a run while it is being written: what is there, then what comes, in the order in which it was written. */
import { storeError } from '../errors.ts';
import { LOGS_DIR, METADATA_FILE } from '../layout.ts';
import { leaseState, readLease } from '../lease.ts';
import { ChangeWatcher, type ChangeWatcherOptions } from './change-watcher.ts';
import { readChunks, readRange } from './byte-source.ts';
import { logFilesOf, readRecords } from './merge.ts';
import { locationOf, type FilePart, type FilePosition, type LineItem, type ReadItem } from './records.ts';
import { openRunDirectory } from './run-directory.ts';
import { ReorderBuffer } from './reorder-buffer.ts';
import type { RunSource } from './source.ts';

/** A run that may still grow, wherever its files are. */
export interface GrowingRun {
  /** Opened for everything, also what is logged after sealing. */
  readonly source: RunSource;
  /** Whether more can still come. */
  isLive(): Promise<boolean>;
  /** Resolves when there may be more, and when the following is to end. */
  nextChange(): Promise<void>;
}

/** Where following begins, and what ends it. */
export interface FollowStart {
  /**
   * Where to begin: at the start of every file (default), behind the last whole line of every file, or for each file named
   * at a position that an earlier follower gave as `next`, for every other one at its start.
   */
  readonly from?: 'start' | 'end' | Readonly<Record<string, FilePosition>>;
  /** Ends the following without an error. */
  readonly signal?: AbortSignal;
}

/** Options of `followRecords`. */
export interface FollowOptions extends FollowStart, ChangeWatcherOptions {
  /** Ends the following without an error. */
  readonly signal?: AbortSignal;
  /** Whether more can still come. Default: the run's lease says so. */
  readonly isLive?: () => Promise<boolean>;
}

/**
 * A line of a followed run. A follower that begins at the last `next` of each file misses no line; it gets one twice only if its
 * newline was missing at the end of the run, or if a writer's numbers do not lie in order in the file.
 */
export type FollowedItem = ReadItem & { readonly next: FilePosition };

/**
 * Every line of a growing run directory, new files and step directories among them; only whole lines. Ends when the run has
 * ended, at once for a run that is not live. What is unfinished at the end of a file then comes as a damaged line.
 *
 * @throws StepwellError, while it is iterated, with NOT_A_RUN, RUN_UNREADABLE, or FOLLOW_POSITION when a position to begin at is
 *   not the start of a line
 * @example for await (const item of followRecords('runs/baseline/20261122-141503-k3f9')) if ('record' in item) show(item.record);
 */
export async function* followRecords(runDir: string, options: FollowOptions = {}): AsyncGenerator<FollowedItem> {
  await using source = await openRunDirectory(runDir, { sealed: null });
  using changes = new ChangeWatcher(runDir, options);
  const isLive = options.isLive ?? (() => isRunLive(runDir, source));
  yield* followRun({ source, isLive, nextChange: () => changes.next() }, options);
}

const FILE_START: FilePosition = { offset: 0, lines: 0 };

/** How far a file was read, and its size then. */
interface ReadState {
  readonly position: FilePosition;
  readonly size: number;
}

/**
 * The same for a run whose files are anywhere. The caller opens and closes the source.
 *
 * @throws StepwellError, while it is iterated, with RUN_UNREADABLE or FOLLOW_POSITION
 */
export async function* followRun(run: GrowingRun, { from = 'start', signal }: FollowStart = {}): AsyncGenerator<FollowedItem> {
  const { source } = run;
  const reorderBuffer = new ReorderBuffer<LineItem>();
  const resume = new ResumePositions();
  const read = new Map<string, ReadState>();
  for (const [file, position] of await startPositions(source, from)) {
    read.set(file, { position, size: 0 });
    resume.begin(file, position);
  }
  for (;;) {
    // Asked before looking: what is written before the run ends is then seen in this round.
    const last = !(await run.isLive());
    const parts = await newParts(source, read, last);
    for await (const item of readRecords(source, { parts })) {
      if (!item.terminated && !last) continue;
      const { file } = locationOf(item);
      read.set(file, { position: positionAfter(item), size: parts.get(file)?.to ?? 0 });
      resume.found(item);
      yield* reorderBuffer.push(item).map((line) => resume.given(line));
      if (signal?.aborted === true) return;
    }
    yield* (last ? reorderBuffer.flush() : reorderBuffer.expired()).map((line) => resume.given(line));
    if (last || signal?.aborted === true) return;
    await run.nextChange();
  }
}

/** What has come since the last round: as of one moment, so that little of it is missing in between. */
async function newParts(source: RunSource, read: Map<string, ReadState>, last: boolean): Promise<Map<string, FilePart>> {
  const parts = new Map<string, FilePart>();
  const sizes = new Map((await source.files(LOGS_DIR)).map(({ path, bytes }) => [path, bytes]));
  for (const file of await logFilesOf(source)) {
    const { position, size } = read.get(file) ?? { position: FILE_START, size: 0 };
    const to = sizes.get(file) ?? 0;
    // At the end what was no whole line yet is read again.
    if (to <= position.offset || (to === size && !last)) continue;
    read.set(file, { position, size: to });
    parts.set(file, { from: position, to });
  }
  return parts;
}

/** Whether a process writes the run: its lease is held, or held on a host of which nothing is known and the run is open. */
async function isRunLive(runDir: string, source: RunSource): Promise<boolean> {
  const lease = await readLease(runDir);
  if (lease === null) return false;
  const state = leaseState(lease);
  if (state !== 'foreign_host') return state === 'live';
  const text = (await source.read(METADATA_FILE).catch(() => null))?.toString('utf8') ?? '';
  return /"status"\s*:\s*"running"/.test(text);
}

async function startPositions(source: RunSource, from: NonNullable<FollowStart['from']>): Promise<[string, FilePosition][]> {
  if (from === 'start') return [];
  if (from === 'end') {
    return Promise.all((await logFilesOf(source)).map(async (file) => [file, await lastLineEnd(source, file)]));
  }
  const positions = Object.entries(from);
  for (const [file, { offset }] of positions) await requireLineStart(source, file, offset);
  return positions;
}

/** A fragment must not count as a line or be skipped silently: a wrong position means that the caller lost lines. */
async function requireLineStart(source: RunSource, file: string, offset: number): Promise<void> {
  if (offset === 0) return;
  await using bytes = await source.open(file);
  const before = bytes === null || !(offset > 0) ? null : await readRange(bytes, offset - 1, 1);
  if (before?.[0] === NEWLINE) return;
  throw storeError('FOLLOW_POSITION', { file, location: source.location, offset, bytes: bytes?.size ?? null });
}

const NEWLINE = 10;

/** The position behind the last newline. */
async function lastLineEnd(source: RunSource, file: string): Promise<FilePosition> {
  await using bytes = await source.open(file);
  let [offset, lines, at] = [0, 0, 0];
  for await (const piece of bytes === null ? [] : readChunks(bytes)) {
    for (let newline = piece.indexOf(NEWLINE); newline !== -1; newline = piece.indexOf(NEWLINE, newline + 1)) {
      offset = at + newline + 1;
      lines += 1;
    }
    at += piece.length;
  }
  return { offset, lines };
}

function positionAfter(item: LineItem): FilePosition {
  const { line } = locationOf(item);
  return { offset: item.nextOffset, lines: item.terminated ? line : line - 1 };
}

/**
 * Where a later follower continues. Lines of several files are given in the order of their numbers, and may so be held back: a
 * file's position moves on only over lines that were given.
 */
class ResumePositions {
  readonly #files = new Map<string, { position: FilePosition; found: LineItem[]; given: Set<LineItem> }>();

  begin(file: string, position: FilePosition): void {
    this.#files.set(file, { position, found: [], given: new Set() });
  }

  found(item: LineItem): void {
    const { file } = locationOf(item);
    if (!this.#files.has(file)) this.begin(file, FILE_START);
    this.#files.get(file)?.found.push(item);
  }

  given(item: LineItem): FollowedItem {
    const state = this.#files.get(locationOf(item).file);
    if (state === undefined) throw new Error('a line was given that was never found');
    state.given.add(item);
    for (let first = state.found[0]; first !== undefined && state.given.delete(first); first = state.found[0]) {
      state.position = positionAfter(first);
      state.found.shift();
    }
    const { nextOffset: _, terminated: __, ...line } = item;
    return { ...line, next: state.position };
  }
}
