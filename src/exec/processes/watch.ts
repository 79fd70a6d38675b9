/**
 * Keeps watch over running programs: one reading of the process table now and then serves all of them. It samples memory, and
 * it remembers descendants, so that one which later leaves its parents and drops its mark is still known.
 */
import { renewCpuBase } from './cpu.ts';
import { hasProcessTable, readPeakMemory, readProcessTable, type ProcessEntry } from './table.ts';
import { watchTree, type ProcessTree } from './tree.ts';

export interface Watch {
  readonly maxRssBytes: number | null;
  end(): void;
}

interface Watched {
  readonly tree: ProcessTree;
  maxRssBytes: number | null;
}

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 1000;

const watched = new Set<Watched>();
let pause = FIRST_PAUSE_MS;
let timer: NodeJS.Timeout | null = null;

export function watch(tree: ProcessTree): Watch {
  const entry: Watched = { tree, maxRssBytes: null };
  if (!hasProcessTable) return { maxRssBytes: null, end() {} };
  watched.add(entry);
  pause = FIRST_PAUSE_MS;
  schedule();
  return {
    get maxRssBytes() {
      return entry.maxRssBytes;
    },
    end() {
      watched.delete(entry);
      if (watched.size === 0 && timer !== null) {
        clearTimeout(timer);
        timer = null;
      }
    },
  };
}

function schedule(): void {
  if (timer !== null) clearTimeout(timer);
  timer = setTimeout(look, pause).unref();
}

function look(): void {
  renewCpuBase();
  try {
    sample(readProcessTable());
  } catch {
    // Without a free descriptor there is nothing to see this time.
  }
  pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  schedule();
}

function sample(table: readonly ProcessEntry[]): void {
  for (const entry of watched) {
    watchTree(entry.tree, table, ({ pid }) => {
      const bytes = readPeakMemory(pid);
      if (bytes !== null && bytes > (entry.maxRssBytes ?? 0)) entry.maxRssBytes = bytes;
    });
  }
}
