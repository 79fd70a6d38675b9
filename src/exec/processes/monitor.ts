/**
 * Keeps watch over running programs: one reading of the process table now and then serves all of them. It samples memory, and
 * it remembers descendants, so that one which later leaves its parents and drops its process tag is still known.
 */
import { resetCpuBaseline } from './cpu.ts';
import { hasProcessTable, readPeakMemory, readProcessTable, type ProcessEntry } from './table.ts';
import { updateTree, type ProcessTree } from './tree.ts';

export interface TreeMonitor {
  readonly maxRssBytes: number | null;
  end(): void;
}

interface MonitoredTree {
  readonly tree: ProcessTree;
  maxRssBytes: number | null;
}

const FIRST_PAUSE_MS = 10;
const MAX_PAUSE_MS = 1000;

const monitored = new Set<MonitoredTree>();
let pause = FIRST_PAUSE_MS;
let timer: NodeJS.Timeout | null = null;

export function monitorTree(tree: ProcessTree): TreeMonitor {
  const entry: MonitoredTree = { tree, maxRssBytes: null };
  if (!hasProcessTable) return { maxRssBytes: null, end() {} };
  monitored.add(entry);
  pause = FIRST_PAUSE_MS;
  schedule();
  return {
    get maxRssBytes() {
      return entry.maxRssBytes;
    },
    end() {
      monitored.delete(entry);
      if (monitored.size === 0 && timer !== null) {
        clearTimeout(timer);
        timer = null;
      }
    },
  };
}

function schedule(): void {
  if (timer !== null) clearTimeout(timer);
  timer = setTimeout(poll, pause).unref();
}

function poll(): void {
  resetCpuBaseline();
  try {
    sample(readProcessTable());
  } catch {
    // Without a free descriptor there is nothing to see this time.
  }
  pause = Math.min(pause * 2, MAX_PAUSE_MS);
  schedule();
}

function sample(table: readonly ProcessEntry[]): void {
  for (const entry of monitored) {
    updateTree(entry.tree, table, ({ pid }) => {
      const bytes = readPeakMemory(pid);
      if (bytes !== null && bytes > (entry.maxRssBytes ?? 0)) entry.maxRssBytes = bytes;
    });
  }
}
