/** The process table of Linux, read from /proc. Synchronous, since what is read is only worth something at once. */
import { readdirSync, readFileSync } from 'node:fs';
import { PROCESS_TAG_VARIABLE } from '../environment.ts';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since boot: with the pid, the identity of a process. */
  readonly startedAt: number;
  readonly isStopped: boolean;
  readonly isKernelThread: boolean;
  /** Exited and not yet waited for: nothing is left that could be ended. */
  readonly hasExited: boolean;
}

/** In the flags of a process: it is a thread of the kernel (PF_KTHREAD). */
const KERNEL_THREAD = 0x00200000;

export const hasProcessTable = process.platform === 'linux';

/** Null when there is no such process, or none that may be seen. */
export function readProcess(pid: number | 'self'): ProcessEntry | null {
  const fields = readStat(pid);
  if (fields === null) return null;
  const state = fields[0];
  const threads = Number(fields[17]);
  return {
    pid: pid === 'self' ? process.pid : pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startedAt: Number(fields[19]),
    isStopped: state === 'T' || state === 't',
    isKernelThread: (Number(fields[6]) & KERNEL_THREAD) !== 0,
    // A main thread may end before the others do; the process then looks like a zombie and keeps running.
    hasExited: state === 'X' || state === 'x' || (state === 'Z' && threads <= 1),
  };
}

/** Clock ticks (1/100 s) of the children this process has waited for. */
export function readChildCpuTicks(): { user: number; system: number } | null {
  const fields = hasProcessTable ? readStat('self') : null;
  return fields === null ? null : { user: Number(fields[13]), system: Number(fields[14]) };
}

/** All processes that have not ended, without those named in `except`. */
export function readProcessTable(except: ReadonlySet<number> = new Set()): ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const name of readdirSync('/proc')) {
    const first = name.charCodeAt(0);
    if (first < 0x31 || first > 0x39) continue;
    const pid = Number(name);
    const entry = except.has(pid) ? null : readProcess(pid);
    if (entry !== null && !entry.hasExited) entries.push(entry);
  }
  return entries;
}

/**
 * The value of STEPWELL_MARK that a process was started with; null when it has none or is not readable, undefined when its
 * environment is empty, as it is for a moment while a process turns into another program.
 */
export function readProcessTag(pid: number): string | null | undefined {
  const environment = readOrNull(`/proc/${pid}/environ`);
  if (environment === null) return null;
  if (environment === '') return undefined;
  const wanted = `${PROCESS_TAG_VARIABLE}=`;
  const from = environment.startsWith(wanted) ? 0 : environment.indexOf(`\0${wanted}`) + 1;
  if (from === 0 && !environment.startsWith(wanted)) return null;
  const end = environment.indexOf('\0', from);
  return environment.slice(from + wanted.length, end === -1 ? undefined : end);
}

/** Peak resident set in bytes. */
export function readPeakMemory(pid: number): number | null {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(readOrNull(`/proc/${pid}/status`) ?? '');
  return match ? Number(match[1]) * 1024 : null;
}

/** The fields of /proc/<pid>/stat from the state on; the name before it may hold spaces and parentheses. */
function readStat(pid: number | 'self'): string[] | null {
  const text = readOrNull(`/proc/${pid}/stat`);
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It ended between two readings, or belongs to another user.
    return null;
  }
}
