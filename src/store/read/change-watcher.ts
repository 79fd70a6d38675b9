/** Waits for the next change of a run's logs, reported by the system or found by looking. */
import { watch, type FSWatcher } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LOGS_DIR } from '../layout.ts';

/** How changes are noticed. */
export interface ChangeWatcherOptions {
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  /** How often to look when the system reports no changes of its own. Default 200 ms, and 1 s where it reports them. */
  readonly pollMs?: number;
  /** False does without the system's reports of changes, as on file systems that have none. */
  readonly watch?: boolean;
}

/** Rounds are at least this far apart, so that a flood of changes is read in large stretches. */
const MIN_INTERVAL_MS = 20;
const POLL_MS = 200;
/** Where the system reports changes: in case it misses one. */
const SAFETY_POLL_MS = 1000;

export class ChangeWatcher implements Disposable {
  readonly #logsDir: string;
  readonly #signal: AbortSignal | undefined;
  #pollMs: number;
  readonly #watchers = new Map<string, FSWatcher>();
  #watching: boolean;
  #changed = false;
  #wake: (() => void) | null = null;
  #lastReturnedAt = 0;

  constructor(runDir: string, options: ChangeWatcherOptions) {
    this.#logsDir = join(runDir, LOGS_DIR);
    this.#signal = options.signal;
    this.#watching = options.watch !== false;
    this.#pollMs = options.pollMs ?? (this.#watching ? SAFETY_POLL_MS : POLL_MS);
    this.#signal?.addEventListener('abort', this.#onChange);
  }

  readonly #onChange = (): void => {
    this.#changed = true;
    this.#wake?.();
  };

  async next(): Promise<void> {
    if (this.#watching) await this.#watchAll();
    const rest = this.#lastReturnedAt + MIN_INTERVAL_MS - performance.now();
    if (rest > 0) await this.#sleep(rest, false);
    if (!this.#changed) await this.#sleep(this.#pollMs, true);
    this.#changed = false;
    this.#lastReturnedAt = performance.now();
  }

  [Symbol.dispose](): void {
    this.#signal?.removeEventListener('abort', this.#onChange);
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
        const watcher = watch(dir, this.#onChange);
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
