/** A pid says nothing without the time its process began. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessEntry } from '../../../src/exec/processes/table.ts';
import { taggedTree, updateTree } from '../../../src/exec/processes/tree.ts';

const entry = (pid: number, changes: Partial<ProcessEntry> = {}): ProcessEntry => ({
  pid,
  parent: 1,
  group: 1,
  session: 1,
  startedAt: 1000,
  isStopped: false,
  isKernelThread: false,
  hasExited: false,
  ...changes,
});

/** A tree that knows one process, the leader of its session. */
function knownTree(pid: number) {
  const tree = taggedTree('run:1');
  tree.seen.set(pid, 1000);
  tree.ownedGroups.add(pid);
  return tree;
}

function found(tree: ReturnType<typeof knownTree>, table: ProcessEntry[]): number[] {
  const pids: number[] = [];
  updateTree(tree, table, ({ pid }) => pids.push(pid));
  return pids.sort((a, b) => a - b);
}

test('descendants, process group and session belong to the tree, and unrelated processes do not', () => {
  const table = [
    entry(700, { parent: 40, group: 40, session: 40 }),
    entry(701, { parent: 700, group: 40, session: 40 }),
    entry(500, { parent: 600 }),
    entry(600, { parent: 500_000, session: 500_000 }),
    entry(500_000, { group: 500_000, session: 500_000 }),
    entry(40),
  ];
  assert.deepEqual(found(knownTree(500_000), table), [500, 600, 500_000]);
});

test('a process seen once stays in the tree after it has lost every tie to it', () => {
  const tree = knownTree(500);
  assert.deepEqual(found(tree, [entry(500), entry(501, { parent: 500 })]), [500, 501]);
  assert.deepEqual(found(tree, [entry(501, { parent: 1 })]), [501]);
});

test('a process that reuses a known pid does not belong to the tree, nor do its group and session', () => {
  const tree = knownTree(500);
  const later = { startedAt: 2000, group: 500, session: 500 };
  assert.deepEqual(found(tree, [entry(500, later), entry(502, { ...later, parent: 500 })]), []);
  assert.deepEqual(found(tree, [entry(502, { ...later, parent: 500 })]), []);
});

test('this process and pid 1 never belong to a tree', () => {
  const tree = knownTree(500);
  const table = [
    entry(500),
    entry(1, { parent: 500, session: 500 }),
    entry(process.pid, { parent: 500, session: 500 }),
    entry(900, { parent: process.pid }),
  ];
  assert.deepEqual(found(tree, table), [500]);
});
