/** The lease of a run: which process writes it. It exists from the run's first moment until its record is finished. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasFields, isText } from '../schema/guard.ts';
import { parseJsonIf } from '../schema/json.ts';
import { ifErrno } from './errno.ts';
import {
  currentProcess,
  PROCESS_IDENTITY_FIELDS,
  processState,
  type ProcessIdentity,
  type ProcessState,
} from './process-identity.ts';
import { LEASE_FILE } from './layout.ts';
import { withFileLock } from './lock.ts';
import { storeError } from './errors.ts';

/** The content of the lease file. */
export interface Lease extends ProcessIdentity {
  readonly run_id: string;
  /** ISO 8601, UTC. */
  readonly acquired_at: string;
  /** Random: tells a lease from a later one of the same process. */
  readonly token: string;
}

const isLease = hasFields<Lease>({ ...PROCESS_IDENTITY_FIELDS, run_id: isText, acquired_at: isText, token: isText });

export interface HeldLease {
  readonly lease: Lease;
  /** The lease that was there before, of a process that is gone; null when there was none. */
  readonly previous: Lease | 'damaged' | null;
  /** Gives the run up: its record is finished. */
  release(): Promise<void>;
  /** The same lease after its run directory was renamed. */
  movedTo(runDir: string): HeldLease;
}

/** The lease of a run directory; null when it has none, `damaged` when the file cannot be understood. */
export async function readLease(runDir: string): Promise<Lease | 'damaged' | null> {
  const text = await readFile(join(runDir, LEASE_FILE), 'utf8').catch(ifErrno('ENOENT', null));
  return text === null ? null : (parseJsonIf(isLease, text) ?? 'damaged');
}

/** Whether the process that holds `lease` still runs. A damaged lease is a dead one: a live process wrote it whole. */
export function leaseState(lease: Lease | 'damaged'): ProcessState {
  return lease === 'damaged' ? 'dead' : processState(lease);
}

/**
 * Takes the lease of a run directory: a new one, or over from a process that is dead.
 *
 * @param force also takes it from a process on another host, about which nothing can be known
 * @throws RUN_LIVE when a process of this host holds it
 * @throws RUN_OWNED_BY_OTHER_HOST when another host's process holds it and `force` is not set
 */
export async function acquireLease(
  runDir: string,
  { runId, force = false }: { runId: string; force?: boolean },
): Promise<HeldLease> {
  const path = join(runDir, LEASE_FILE);
  const lease: Lease = {
    ...currentProcess(),
    run_id: runId,
    acquired_at: new Date().toISOString(),
    token: randomBytes(8).toString('hex'),
  };
  await mkdir(dirname(path), { recursive: true });
  const previous = await withFileLock(`${path}.lock`, async () => {
    const current = await readLease(runDir);
    if (current !== null && current !== 'damaged') {
      const state = leaseState(current);
      const holder = { runId, pid: current.pid, host: current.host };
      if (state === 'live') throw storeError('RUN_LIVE', holder);
      if (state === 'foreign_host' && !force) throw storeError('RUN_OWNED_BY_OTHER_HOST', holder);
    }
    const prepared = `${path}.${lease.token}`;
    await writeFile(prepared, `${JSON.stringify(lease)}\n`, { flush: true });
    await rename(prepared, path);
    return current;
  });
  return createHeldLease(runDir, lease, previous);
}

function createHeldLease(runDir: string, lease: Lease, previous: HeldLease['previous']): HeldLease {
  const path = join(runDir, LEASE_FILE);
  return {
    lease,
    previous,
    async release() {
      // Without the lock, which a full disk may not allow: no process takes over from a live one.
      const current = await readLease(runDir);
      if (current !== null && current !== 'damaged' && current.token === lease.token) await unlink(path);
    },
    movedTo: (movedDir) => createHeldLease(movedDir, lease, previous),
  };
}
