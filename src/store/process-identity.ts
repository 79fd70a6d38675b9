/** Who a process is, so exactly that it can be told from another one that was later given the same pid. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { isInteger, isText, orNull, type Guard } from '../schema/guard.ts';
import { errnoOf } from './errno.ts';

/** Fields that a system cannot tell are null; only Linux tells all of them. */
export interface ProcessIdentity {
  readonly host: string;
  /** Tells apart machines that were given the same host name. */
  readonly machine_id: string | null;
  readonly boot_id: string | null;
  /** A pid means something only inside its namespace: containers on one host have namespaces of their own. */
  readonly pid_namespace: string | null;
  readonly pid: number;
  /** Clock ticks after boot at which the process began. */
  readonly process_start: string | null;
}

const isPid: Guard<number> = (value): value is number => isInteger(value) && value > 0;

export const PROCESS_IDENTITY_FIELDS = {
  host: isText,
  machine_id: orNull(isText),
  boot_id: orNull(isText),
  pid_namespace: orNull(isText),
  pid: isPid,
  process_start: orNull(isText),
};

/** `foreign_host`: its process cannot be seen from here, so nothing can be said about it. */
export type ProcessState = 'live' | 'dead' | 'foreign_host';

function readOrNull(read: () => string): string | null {
  try {
    return read().trim() || null;
  } catch {
    return null;
  }
}

/** State letter and start time of a process, or null where /proc does not show it. */
function processStat(pid: number): { state: string; start: string } | null {
  const text = readOrNull(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (text === null) return null;
  // The program's name is in parentheses and may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  return state === undefined || start === undefined ? null : { state, start };
}

/** The identity of this process. */
export function currentProcess(): ProcessIdentity {
  return {
    host: hostname(),
    machine_id: readOrNull(() => readFileSync('/etc/machine-id', 'utf8')),
    boot_id: readOrNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    pid_namespace: readOrNull(() => readlinkSync('/proc/self/ns/pid')),
    pid: process.pid,
    process_start: processStat(process.pid)?.start ?? null,
  };
}

function differs(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && a !== b;
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

/**
 * Whether the process of `identity` still runs, seen from the process `viewer`. A live process is never called dead: where
 * the system cannot tell (no /proc), a reused pid makes a dead one look live.
 */
export function processState(identity: ProcessIdentity, viewer: ProcessIdentity = currentProcess()): ProcessState {
  if (identity.host !== viewer.host || differs(identity.machine_id, viewer.machine_id)) return 'foreign_host';
  if (differs(identity.boot_id, viewer.boot_id)) return 'dead';
  if (differs(identity.pid_namespace, viewer.pid_namespace)) return 'foreign_host';
  if (!pidExists(identity.pid)) return 'dead';
  const stat = processStat(identity.pid);
  if (stat === null) return 'live';
  // A zombie has ended; only its parent has not noticed.
  if (stat.state === 'Z' || stat.state === 'X') return 'dead';
  return differs(stat.start, identity.process_start) ? 'dead' : 'live';
}
