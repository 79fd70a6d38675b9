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

/** A process is looked at again this often when its environment is not there yet. */
const LOOKS = 3;
/** A scan ends at the latest after so many passes, should the machine never stop starting processes. */
const LONGEST_SCAN = 50;

/**
 * Finds the living processes of the tree and calls `found` on each at once, so that little time passes between seeing a
 * process and acting on it. Never this process, never pid 1.
 *
 * The scan goes on until a pass meets no process that was not there before: one that starts its successor and ends, again and
 * again, would otherwise be missed between the list of pids and the look at each.
 */
export function searchTree(tree: ProcessTree, found: (entry: ProcessEntry) => void): void {
  const judged = new Set([process.pid, 1]);
  const met = new Set<number>();
  const take = searcher(tree, found);
  for (let pass = 1; pass <= LONGEST_SCAN; pass += 1) {
    const entries = readProcessTable(judged);
    const grown = entries.some(({ pid }) => !met.has(pid));
    take(entries, (entry) => {
      met.add(entry.pid);
      const mark = isKnown(tree, entry) || entry.ofKernel ? null : readMark(entry.pid);
      if (mark !== undefined) judged.add(entry.pid);
      return typeof mark === 'string' && tree.isMark(mark);
    });
    if (!grown && (pass > LOOKS || entries.every(({ pid }) => judged.has(pid)))) break;
  }
}

/** The same in a table read before, without looking at environments: cheaper, and enough to keep watch. */
export function watchTree(tree: ProcessTree, table: readonly ProcessEntry[], found: (entry: ProcessEntry) => void): void {
  searcher(tree, found)(table, () => false);
}

/** Takes entries as they are read, and remembers those not accepted: a later one may turn out to be their parent. */
function searcher(tree: ProcessTree, found: (entry: ProcessEntry) => void) {
  const members = new Set<number>();
  const others = new Map<number, ProcessEntry>();
  const accept = (entry: ProcessEntry): void => {
    others.delete(entry.pid);
    members.add(entry.pid);
    adopt(tree, entry);
    found(entry);
  };
  return (entries: readonly ProcessEntry[], isMarked: (entry: ProcessEntry) => boolean): void => {
    forgetReused(tree, entries);
    for (const entry of entries) {
      if (entry.pid === process.pid || entry.pid === 1 || members.has(entry.pid)) continue;
      if (isMarked(entry) || isKnown(tree, entry)) accept(entry);
      else others.set(entry.pid, entry);
    }
    for (let grown = members.size > 0; grown;) {
      grown = false;
      for (const entry of others.values()) {
        if (!members.has(entry.parent) && !isKnown(tree, entry)) continue;
        accept(entry);
        grown = true;
      }
    }
  };
}

function isKnown(tree: ProcessTree, entry: ProcessEntry): boolean {
  return tree.led.has(entry.session) || tree.led.has(entry.group) || tree.seen.get(entry.pid) === entry.startedAt;
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
