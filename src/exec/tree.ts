/** Which processes belong to a program: what can be known of it, and the search for them in the process table. */
import { readMark, readProcess, readProcessTable, type ProcessEntry } from './table.ts';

export interface ProcessTree {
  /** Whether a value of STEPWELL_MARK is one of this tree's. */
  readonly isMark: (mark: string) => boolean;
  /** Sessions and process groups that only processes of the tree can be in: their leader was one. */
  readonly led: Set<number>;
  /** Start time of each process found so far, by pid: it still belongs to the tree when its parent is gone. */
  readonly seen: Map<number, number>;
}

/** A mark itself, or `<run_id>:` for every mark of a run. */
export function markedTree(markOrPrefix: string): ProcessTree {
  const isMark = markOrPrefix.endsWith(':')
    ? (mark: string) => mark.startsWith(markOrPrefix)
    : (mark: string) => mark === markOrPrefix;
  return { isMark, led: new Set(), seen: new Map() };
}

/** The tree of a child of this process that leads a session of its own and has not been waited for yet. */
export function programTree(pid: number, mark: string): ProcessTree {
  const tree = markedTree(mark);
  const entry = readProcess(pid);
  if (entry !== null) adopt(tree, entry);
  // Also when it has ended already: its pid is not given away while it is unwaited, nor while its group has members.
  tree.led.add(pid);
  return tree;
}

/**
 * Finds the living processes of the tree and calls `found` on each at once, so that little time passes between seeing a
 * process and acting on it. Never this process, never pid 1.
 */
export function searchTree(tree: ProcessTree, found: (entry: ProcessEntry) => void): void {
  search(tree, readProcessTable(), (entry) => isKnown(tree, entry) || isMarked(tree, entry.pid), found);
}

/** The same in a table read before, without looking at environments: cheaper, and enough to keep watch. */
export function watchTree(tree: ProcessTree, table: readonly ProcessEntry[], found: (entry: ProcessEntry) => void): void {
  search(tree, table, (entry) => isKnown(tree, entry), found);
}

function search(
  tree: ProcessTree,
  table: readonly ProcessEntry[],
  belongs: (entry: ProcessEntry) => boolean,
  found: (entry: ProcessEntry) => void,
): void {
  const members = new Set<number>();
  const others: ProcessEntry[] = [];
  const accept = (entry: ProcessEntry) => {
    members.add(entry.pid);
    adopt(tree, entry);
    found(entry);
  };
  forgetReused(tree, table);
  for (const entry of table) {
    if (entry.pid === process.pid || entry.pid === 1) continue;
    if (belongs(entry)) accept(entry);
    else others.push(entry);
  }
  for (let grown = members.size > 0; grown;) {
    grown = false;
    for (const entry of others) {
      if (members.has(entry.pid) || (!members.has(entry.parent) && !isKnown(tree, entry))) continue;
      accept(entry);
      grown = true;
    }
  }
}

function isKnown(tree: ProcessTree, entry: ProcessEntry): boolean {
  return tree.led.has(entry.session) || tree.led.has(entry.group) || tree.seen.get(entry.pid) === entry.startedAt;
}

function isMarked(tree: ProcessTree, pid: number): boolean {
  const mark = readMark(pid);
  return mark !== null && tree.isMark(mark);
}

function adopt(tree: ProcessTree, entry: ProcessEntry): void {
  tree.seen.set(entry.pid, entry.startedAt);
  if (entry.session !== entry.pid && entry.group !== entry.pid) return;
  // Should this process itself run inside the tree, its own session and group are not to be ended with it.
  const self = readProcess('self');
  if (self?.session !== entry.pid && self?.group !== entry.pid) tree.led.add(entry.pid);
}

/** A pid that somebody else has now proves that the session and group of that number had no member left. */
function forgetReused(tree: ProcessTree, table: readonly ProcessEntry[]): void {
  for (const entry of table) {
    const seen = tree.seen.get(entry.pid);
    if (seen === undefined || seen === entry.startedAt) continue;
    tree.seen.delete(entry.pid);
    tree.led.delete(entry.pid);
  }
}
