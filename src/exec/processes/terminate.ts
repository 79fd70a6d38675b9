/** Terminates a process tree: SIGTERM, then SIGKILL after the grace period, until two scans in a row find nothing. */
import { setTimeout as wait } from 'node:timers/promises';
import { hasProcessTable, type ProcessEntry } from './table.ts';
import { taggedTree, searchTree, type ProcessTree } from './tree.ts';

export interface TerminationResult {
  /** Processes that were signaled and are gone. */
  readonly killed: number[];
  /** Processes that are still there: of another user, or stuck in the kernel. */
  readonly survivors: number[];
}

/** How long SIGKILL is repeated before what is left counts as a survivor. */
const KILL_LIMIT_MS = 5000;
const MIN_PAUSE_MS = 2;
const MAX_PAUSE_MS = 250;

/**
 * Ends every process whose STEPWELL_MARK is the given process tag, with its descendants; a prefix `<run_id>:` ends all of a run.
 * Linux only: elsewhere process tags cannot be read, and nothing is found. `killed` also names what this process ended under this very process tag
 * when a program of its own came to its end, since the last such call.
 */
export async function killTagged(tagOrPrefix: string, options: { graceMs: number }): Promise<TerminationResult> {
  const tree = taggedTree(tagOrPrefix);
  const { killed, survivors } = hasProcessTable ? await terminateTree(tree, options.graceMs) : { killed: [], survivors: [] };
  return { killed: [...new Set([...takeKilled(tagOrPrefix), ...killed])], survivors };
}

/** Ends a tree and waits until it is gone. */
export async function terminateTree(tree: ProcessTree, graceMs: number): Promise<TerminationResult> {
  if (!hasProcessTable) return terminateGroups(tree, graceMs);
  const signaled = new Map<number, number>();
  const startedAt = performance.now();
  let alive: number[] = [];
  let pause = MIN_PAUSE_MS;
  for (let emptyScans = 0; emptyScans < 2;) {
    const spent = performance.now() - startedAt;
    const forced = spent >= graceMs;
    if (spent >= graceMs + KILL_LIMIT_MS) break;
    if (forced) pause = MIN_PAUSE_MS;
    const act = forced ? forceKill : requestExit;
    const found = scan(tree, (entry) => act(tree, entry, signaled));
    if (found !== null) alive = found;
    emptyScans = found?.length === 0 ? emptyScans + 1 : 0;
    if (emptyScans === 2) break;
    await wait(found?.length === 0 ? MIN_PAUSE_MS : Math.min(pause, Math.max(graceMs - spent, MIN_PAUSE_MS)));
    pause = Math.min(pause * 1.5, MAX_PAUSE_MS);
  }
  const left = new Set(alive);
  return { killed: [...signaled.keys()].filter((pid) => !left.has(pid)), survivors: alive };
}

/** SIGKILL without any waiting, for a process that is about to exit itself. */
function killTreeNow(tree: ProcessTree): void {
  if (!hasProcessTable) {
    for (const group of tree.ownedGroups) send(-group, 'SIGKILL');
    return;
  }
  for (let scans = 0, alive = 1; alive > 0 && scans < 10; scans += 1) {
    alive = scan(tree, (entry) => forceKill(tree, entry, new Map()))?.length ?? 1;
  }
}

/** Acts on each living process of the tree and names them; null when no descriptor is free to read the process table. */
function scan(tree: ProcessTree, act: (entry: ProcessEntry) => void): number[] | null {
  const found: number[] = [];
  try {
    searchTree(tree, (entry) => {
      found.push(entry.pid);
      act(entry);
    });
    return found;
  } catch {
    return null;
  }
}

/** Without a process table: the process groups, as far as they are known. */
async function terminateGroups(tree: ProcessTree, graceMs: number): Promise<TerminationResult> {
  const startedAt = performance.now();
  const killed = [...tree.ownedGroups].filter((group) => send(-group, 'SIGTERM'));
  let alive = killed;
  for (let spent = 0; alive.length > 0 && spent < graceMs + KILL_LIMIT_MS; spent = performance.now() - startedAt) {
    await wait(Math.min(MAX_PAUSE_MS, Math.max(graceMs - spent, MIN_PAUSE_MS)));
    alive = alive.filter((group) => send(-group, performance.now() - startedAt < graceMs ? 0 : 'SIGKILL'));
  }
  return { killed: killed.filter((group) => !alive.includes(group)), survivors: alive };
}

/** SIGTERM once a process; one that is stopped has to be woken to receive it. */
function requestExit(_tree: ProcessTree, entry: ProcessEntry, signaled: Map<number, number>): void {
  if (signaled.get(entry.pid) === entry.startedAt) return;
  if (!send(entry.pid, 'SIGTERM')) return;
  signaled.set(entry.pid, entry.startedAt);
  if (entry.isStopped) send(entry.pid, 'SIGCONT');
}

/** The whole group at once where it is the tree's own: no member can fork itself away between two signals. */
function forceKill(tree: ProcessTree, entry: ProcessEntry, signaled: Map<number, number>): void {
  if (tree.ownedGroups.has(entry.group)) send(-entry.group, 'SIGKILL');
  else if (!send(entry.pid, 'SIGKILL')) return;
  signaled.set(entry.pid, entry.startedAt);
}

/** False when the process is gone or we lack permission to signal it. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/**
 * Who was ended, by process tag. The end of a program already ends what it left behind, so that a caller that ends its process tag
 * later finds nothing there: here it still learns how many there were.
 */
const killedByTag = new Map<string, number[]>();

export function recordKilled(processTag: string, pids: readonly number[]): void {
  if (pids.length > 0) killedByTag.set(processTag, [...(killedByTag.get(processTag) ?? []), ...pids]);
}

/** What was noted since the last call for the process tag, or for every process tag that begins with the prefix `<run_id>:`. */
function takeKilled(tagOrPrefix: string): number[] {
  const tags = tagOrPrefix.endsWith(':')
    ? [...killedByTag.keys()].filter((processTag) => processTag.startsWith(tagOrPrefix))
    : [tagOrPrefix];
  return tags.flatMap((processTag) => {
    const pids = killedByTag.get(processTag) ?? [];
    killedByTag.delete(processTag);
    return pids;
  });
}

/** Trees that do not outlive this process. SIGKILL leaves that to `recover`. */
const running = new Set<ProcessTree>();

/** A program ends at the latest when this process exits, until the returned function is called. */
export function killTreeOnExit(tree: ProcessTree): () => void {
  if (running.size === 0) process.on('exit', killRunningTrees);
  running.add(tree);
  return () => {
    running.delete(tree);
    if (running.size === 0) process.off('exit', killRunningTrees);
  };
}

function killRunningTrees(): void {
  for (const tree of running) killTreeNow(tree);
}
