/** Follows a run while it is being written: what is there, then what comes, in the order in which it was written. */
import { watch, type FSWatcher } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOGS_DIR, METADATA_FILE } from './layout.ts';
import { leaseState, readLease } from './lease.ts';
import { logFilesOf, readRecords } from './merge.ts';
import type { ReadItem } from './read.ts';
import { SeqOrder } from './seq-order.ts';
import { openRunDirectory, type RunSource } from './source.ts';

export interface FollowOptions {
  /** Ends the following without an error. */
  readonly signal?: AbortSignal;
  /** Whether more can still come. Default: the run's lease says so. */
  readonly isLive?: () => Promise<boolean>;
  /** How often to look when the system reports no changes of its own. Default 200 ms, and 1 s where it reports them. */
  readonly pollMs?: number;
  /** False does without the system's reports of changes, as on file systems that have none. */
  readonly watch?: boolean;
}

/** Rounds are at least this far apart, so that a flood of changes is read in large stretches. */
const ROUND_MS = 20;
const POLL_MS = 200;
/** Where the system reports changes: in case it misses one. */
const SAFETY_POLL_MS = 1000;
const TAIL_BYTES = 64 * 1024;

/**
 * Every line of a growing run, new files and step directories among them; only whole lines. Ends when the run has ended, at
 * once for a run that is not live. What is unfinished at the end of a file then comes as a damaged line.
 *
 * @example for await (const item of followRecords('runs/baseline/20261122-141503-k3f9')) if ('record' in item) show(item.record);
 */
export async function* followRecords(runDir: string, options: FollowOptions = {}): AsyncGenerator<ReadItem> {
  const isLive = options.isLive ?? (() => isRunLive(runDir));
  const ends = new Map<string, FileEnd>();
  const inOrder = new SeqOrder();
  await using source = await openRunDirectory(runDir, { sealed: null });
  using changes = new Changes(runDir, options);
  for (;;) {
    // Asked before looking: what is written before the run ends is then seen in this round.
    const last = !(await isLive());
    for await (const item of readRecords(await newPart(source, ends, last))) {
      yield* inOrder.push(moved(item, ends));
      if (options.signal?.aborted === true) return;
    }
    yield* last ? inOrder.flush() : inOrder.due();
    if (last || options.signal?.aborted === true) return;
    await changes.next();
  }
}

/** Whether a process writes the run: its lease is held, or held on a host of which nothing is known and the run is open. */
async function isRunLive(runDir: string): Promise<boolean> {
  const lease = await readLease(runDir);
  if (lease === null) return false;
  const state = leaseState(lease);
  if (state !== 'foreign_host') return state === 'live';
  const text = await readFile(join(runDir, METADATA_FILE), 'utf8').catch(() => '');
  return /"status"\s*:\s*"running"/.test(text);
}

/** How far a file has been read. */
interface FileEnd {
  bytes: number;
  lines: number;
  /** Lines before the part of the current round. */
  linesBefore: number;
}

/** The run as a source that shows only what has come since the last round. */
async function newPart(source: RunSource, ends: Map<string, FileEnd>, last: boolean): Promise<RunSource> {
  const parts = new Map<string, { from: number; to: number; end: FileEnd }>();
  const sizes = new Map((await source.files(LOGS_DIR)).map((file) => [file.path, file.bytes]));
  for (const path of await logFilesOf(source)) {
    const end = ends.get(path) ?? { bytes: 0, lines: 0, linesBefore: 0 };
    ends.set(path, end);
    const size = sizes.get(path) ?? 0;
    if (size <= end.bytes) continue;
    const to = last ? size : await endOfLastLine(join(source.location, path), end.bytes, size);
    if (to > end.bytes) parts.set(path, { from: end.bytes, to, end });
  }
  for (const { end, to } of parts.values()) {
    end.bytes = to;
    end.linesBefore = end.lines;
  }
  return {
    kind: 'directory',
    location: source.location,
    files: async () => [...parts].map(([path, { from, to }]) => ({ path, bytes: to - from })),
    read: async () => null,
    async *stream(path) {
      const part = parts.get(path);
      if (part === undefined) return;
      const { from, to, end } = part;
      await using file = await open(join(source.location, path));
      let lines = 0;
      for await (const chunk of file.createReadStream({ start: from, end: to - 1, autoClose: false }) as AsyncIterable<Buffer>) {
        for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
        end.lines = end.linesBefore + lines;
        yield chunk;
      }
    },
    async [Symbol.asyncDispose]() {
      // Nothing stays open between calls.
    },
  };
}

/** Offset after the last newline in [from, size); `from` when there is none. */
async function endOfLastLine(path: string, from: number, size: number): Promise<number> {
  await using file = await open(path);
  const buffer = Buffer.alloc(Math.min(TAIL_BYTES, size - from));
  for (let end = size; end > from;) {
    const start = Math.max(from, end - buffer.length);
    const { bytesRead } = await file.read(buffer, 0, end - start, start);
    const at = buffer.subarray(0, bytesRead).lastIndexOf(10);
    if (at !== -1) return start + at + 1;
    end = start;
  }
  return from;
}

/** The line's number in the whole file. */
function moved(item: ReadItem, ends: ReadonlyMap<string, FileEnd>): ReadItem {
  const before = ends.get('record' in item ? item.file : item.damaged.file)?.linesBefore ?? 0;
  if (before === 0) return item;
  if ('record' in item) return { ...item, line: item.line + before };
  return { damaged: { ...item.damaged, line: item.damaged.line + before } };
}

/** Waits for the next change of a run's logs, reported by the system or found by looking. */
class Changes implements Disposable {
  readonly #logsDir: string;
  readonly #signal: AbortSignal | undefined;
  #pollMs: number;
  readonly #watchers = new Map<string, FSWatcher>();
  #watching: boolean;
  #changed = false;
  #wake: (() => void) | null = null;
  #lastRound = 0;

  constructor(runDir: string, options: FollowOptions) {
    this.#logsDir = join(runDir, LOGS_DIR);
    this.#signal = options.signal;
    this.#watching = options.watch !== false;
    this.#pollMs = options.pollMs ?? (this.#watching ? SAFETY_POLL_MS : POLL_MS);
    this.#signal?.addEventListener('abort', this.#noted);
  }

  readonly #noted = (): void => {
    this.#changed = true;
    this.#wake?.();
  };

  async next(): Promise<void> {
    if (this.#watching) await this.#watchAll();
    const rest = this.#lastRound + ROUND_MS - performance.now();
    if (rest > 0) await this.#sleep(rest, false);
    if (!this.#changed) await this.#sleep(this.#pollMs, true);
    this.#changed = false;
    this.#lastRound = performance.now();
  }

  [Symbol.dispose](): void {
    this.#signal?.removeEventListener('abort', this.#noted);
    for (const watcher of this.#watchers.values()) watcher.close();
  }

  async #sleep(ms: number, untilChange: boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        if (!untilChange && this.#signal?.aborted !== true) return;
        clearTimeout(timer);
        resolve();
      };
      if (this.#signal?.aborted === true) this.#wake();
    });
    this.#wake = null;
  }

  /** Watches the logs directory and each step's; a directory that came since the last round is looked into at once. */
  async #watchAll(): Promise<void> {
    const entries = await readdir(this.#logsDir, { withFileTypes: true }).catch(() => []);
    const dirs = [
      this.#logsDir,
      ...entries.filter((entry) => entry.isDirectory()).map((entry) => join(this.#logsDir, entry.name)),
    ];
    for (const dir of dirs) {
      if (this.#watchers.has(dir)) continue;
      try {
        const watcher = watch(dir, this.#noted);
        watcher.on('error', () => this.#stopWatching());
        this.#watchers.set(dir, watcher);
        this.#changed = true;
      } catch {
        // No watches left, or a file system without them: looking from time to time still finds everything.
        this.#stopWatching();
        return;
      }
    }
  }

  #stopWatching(): void {
    this.#watching = false;
    this.#pollMs = Math.min(this.#pollMs, POLL_MS);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }
}
