/** Which processes belong to a program: what can be known of it, and the search for them in the process table. */
import { readProcess, readProcessTable, readProcessTag, type ProcessEntry } from './table.ts';

export interface ProcessTree {
  /** Whether a value of STEPWELL_MARK is one of this tree's. */
  readonly matchesTag: (processTag: string) => boolean;
  /** Sessions and process groups that only processes of the tree can be in: their leader was one. */
  readonly ownedGroups: Set<number>;
  /** Start time of each process found so far, by pid: it still belongs to the tree when its parent is gone. */
  readonly seen: Map<number, number>;
}

/** A process tag itself, or `<run_id>:` for every process tag of a run. */
export function taggedTree(tagOrPrefix: string): ProcessTree {
  const matchesTag = tagOrPrefix.endsWith(':')
    ? (processTag: string) => processTag.startsWith(tagOrPrefix)
    : (processTag: string) => processTag === tagOrPrefix;
  return { matchesTag, ownedGroups: new Set(), seen: new Map() };
}

/** The tree of a child of this process that leads a session of its own and has not been waited for yet. */
export function programTree(pid: number, processTag: string): ProcessTree {
  const tree = taggedTree(processTag);
  const entry = readProcess(pid);
  if (entry !== null) addToTree(tree, entry);
  // Also when it has ended already: its pid is not given away while it is unwaited, nor while its group has members.
  tree.ownedGroups.add(pid);
  return tree;
}

/** A process is looked at again this often when its environment is not there yet. */
const MAX_ENVIRONMENT_READS = 3;
/** A scan ends at the latest after so many passes, should the machine never stop starting processes. */
const MAX_PASSES = 50;

/**
 * Finds the living processes of the tree and calls `found` on each at once, so that little time passes between seeing a
 * process and acting on it. Never this process, never pid 1.
 *
 * The scan repeats until a pass meets no process that was not there before: one that starts its successor and ends, again and
 * again, would otherwise be missed between the list of pids and the look at each.
 */
export function searchTree(tree: ProcessTree, found: (entry: ProcessEntry) => void): void {
  const checked = new Set([process.pid, 1]);
  const listed = new Set<number>();
  const take = treeCollector(tree, found);
  for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
    const entries = readProcessTable(checked);
    const grown = entries.some(({ pid }) => !listed.has(pid));
    take(entries, (entry) => {
      listed.add(entry.pid);
      const processTag = isKnown(tree, entry) || entry.isKernelThread ? null : readProcessTag(entry.pid);
      if (processTag !== undefined) checked.add(entry.pid);
      return typeof processTag === 'string' && tree.matchesTag(processTag);
    });
    if (!grown && (pass > MAX_ENVIRONMENT_READS || entries.every(({ pid }) => checked.has(pid)))) break;
  }
}

/** The same in a table read before, without looking at environments: cheaper, and enough to keep watch. */
export function updateTree(tree: ProcessTree, table: readonly ProcessEntry[], found: (entry: ProcessEntry) => void): void {
  treeCollector(tree, found)(table, () => false);
}

/** Takes entries as they are read, and remembers those not accepted: a later one may turn out to be their parent. */
function treeCollector(tree: ProcessTree, found: (entry: ProcessEntry) => void) {
  const members = new Set<number>();
  const others = new Map<number, ProcessEntry>();
  const accept = (entry: ProcessEntry): void => {
    others.delete(entry.pid);
    members.add(entry.pid);
    addToTree(tree, entry);
    found(entry);
  };
  return (entries: readonly ProcessEntry[], isTagged: (entry: ProcessEntry) => boolean): void => {
    dropReusedPids(tree, entries);
    for (const entry of entries) {
      if (entry.pid === process.pid || entry.pid === 1 || members.has(entry.pid)) continue;
      if (isTagged(entry) || isKnown(tree, entry)) accept(entry);
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
  return tree.ownedGroups.has(entry.session) || tree.ownedGroups.has(entry.group) || tree.seen.get(entry.pid) === entry.startedAt;
}

function addToTree(tree: ProcessTree, entry: ProcessEntry): void {
  tree.seen.set(entry.pid, entry.startedAt);
  if (entry.session !== entry.pid && entry.group !== entry.pid) return;
  // Should this process itself run inside the tree, its own session and group are not to be ended with it.
  const self = readProcess('self');
  if (self?.session !== entry.pid && self?.group !== entry.pid) tree.ownedGroups.add(entry.pid);
}

/** A pid that somebody else has now proves that the session and group of that number had no member left. */
function dropReusedPids(tree: ProcessTree, table: readonly ProcessEntry[]): void {
  for (const entry of table) {
    const seen = tree.seen.get(entry.pid);
    if (seen === undefined || seen === entry.startedAt) continue;
    tree.seen.delete(entry.pid);
    tree.ownedGroups.delete(entry.pid);
  }
}
