/**
 * CPU time of a child, exactly as the kernel accounts it when the child is waited for: the difference of this process's
 * waited-for times before and after. It is known only when no other child was waited for in between.
 */
import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { readWaitedTicks } from './table.ts';

export interface CpuSeconds {
  readonly user: number;
  readonly system: number;
}

const TICKS_PER_SECOND = 100;

const waiting = new Map<ChildProcess, (cpu: CpuSeconds | null) => void>();
let before = readWaitedTicks();
let after = before;
let ended: ChildProcess[] = [];

// Children that other code of this process starts are waited for as well, and must not be counted as ours.
subscribe('child_process', (message) => {
  const { process: child } = message as { process: ChildProcess };
  child.once('exit', () => noteEnd(child));
});

/** Resolves when the child has been waited for. Call it directly after the spawn. */
export function cpuOf(child: ChildProcess): Promise<CpuSeconds | null> {
  renewCpuBase();
  return new Promise((resolve) => waiting.set(child, resolve));
}

/** Takes a new reading to measure from, so that a child which was run synchronously meanwhile is not counted. */
export function renewCpuBase(): void {
  if (ended.length === 0) before = readWaitedTicks();
}

function noteEnd(child: ChildProcess): void {
  ended.push(child);
  if (ended.length > 1) return;
  after = readWaitedTicks();
  // Several may have been waited for in one go before the first is announced: the others follow before this.
  setImmediate(settle);
}

function settle(): void {
  const cpu =
    ended.length === 1 && before !== null && after !== null
      ? { user: (after.user - before.user) / TICKS_PER_SECOND, system: (after.system - before.system) / TICKS_PER_SECOND }
      : null;
  for (const child of ended) {
    waiting.get(child)?.(cpu);
    waiting.delete(child);
  }
  ended = [];
  before = readWaitedTicks();
}
