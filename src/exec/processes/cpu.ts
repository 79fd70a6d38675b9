/**
 * CPU time of a child, exactly as the kernel accounts it when the child is waited for: the difference of this process's
 * waited-for times before and after. It is known only when no other child was waited for in between.
 */
import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { readChildCpuTicks } from './table.ts';

export interface CpuSeconds {
  readonly user: number;
  readonly system: number;
}

const TICKS_PER_SECOND = 100;

const pending = new Map<ChildProcess, (cpu: CpuSeconds | null) => void>();
let before = readChildCpuTicks();
let after = before;
let exited: ChildProcess[] = [];

// Children that other code of this process starts are waited for as well, and must not be counted as ours.
subscribe('child_process', (message) => {
  const { process: child } = message as { process: ChildProcess };
  child.once('exit', () => recordExit(child));
});

/** Resolves when the child has been waited for. Call it directly after the spawn. */
export function cpuTimeOf(child: ChildProcess): Promise<CpuSeconds | null> {
  resetCpuBaseline();
  return new Promise((resolve) => pending.set(child, resolve));
}

/** Takes a new reading to measure from, so that a child which was run synchronously meanwhile is not counted. */
export function resetCpuBaseline(): void {
  if (exited.length === 0) before = readChildCpuTicks();
}

function recordExit(child: ChildProcess): void {
  exited.push(child);
  if (exited.length > 1) return;
  after = readChildCpuTicks();
  // Several may have been waited for in one go before the first is announced: the others follow before this.
  setImmediate(assignCpuTime);
}

function assignCpuTime(): void {
  const cpu =
    exited.length === 1 && before !== null && after !== null
      ? { user: (after.user - before.user) / TICKS_PER_SECOND, system: (after.system - before.system) / TICKS_PER_SECOND }
      : null;
  for (const child of exited) {
    pending.get(child)?.(cpu);
    pending.delete(child);
  }
  exited = [];
  before = readChildCpuTicks();
}
