/** A lock file between processes: held by at most one, and freed by the next one when its holder has died. */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hasFields, isText } from '../schema/guard.ts';
import { parseJsonIf } from '../schema/json.ts';
import { errnoOf, ifErrno } from './errno.ts';
import { currentProcess, PROCESS_IDENTITY_FIELDS, processState, type ProcessIdentity } from './process-identity.ts';
import { storeError } from './errors.ts';

interface LockHolder extends ProcessIdentity {
  readonly token: string;
}

const isLockHolder = hasFields<LockHolder>({ ...PROCESS_IDENTITY_FIELDS, token: isText });

/** A lock file that cannot be read after this long was torn by a power loss, not caught half written. */
const TORN_AFTER_MS = 10_000;

/** Creates the lock with its content in one step. False when it is already held. */
async function tryCreate(path: string, holder: LockHolder): Promise<boolean> {
  const content = JSON.stringify(holder);
  const prepared = `${path}.${holder.token}.new`;
  try {
    await writeFile(prepared, content, { flag: 'wx' });
    await link(prepared, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    // File systems without hard links: exclusive creation, whose content another process may see half written.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errnoOf(error) ?? '')) throw error;
    return await writeFile(path, content, { flag: 'wx' }).then(() => true, ifErrno('EEXIST', false));
  } finally {
    await unlink(prepared).catch(() => {});
  }
}

async function readHolder(path: string): Promise<LockHolder | 'gone' | 'torn' | 'unreadable'> {
  const text = await readFile(path, 'utf8').catch(ifErrno('ENOENT', null));
  if (text === null) return 'gone';
  const holder = parseJsonIf(isLockHolder, text);
  if (holder !== null) return holder;
  const age = await stat(path).then(
    (facts) => Date.now() - facts.mtimeMs,
    () => 0,
  );
  return age > TORN_AFTER_MS ? 'torn' : 'unreadable';
}

/**
 * Frees a lock whose holder is dead. The right to do so is itself a lock, named by the dead holder's token, so that no process
 * can remove the lock of a successor; where the remover dies too, its lock is freed the same way.
 */
async function removeStaleLock(path: string, token: string, waitMs: number): Promise<void> {
  await withFileLock(
    `${path}.${token}`,
    async () => {
      const holder = await readHolder(path);
      const now = typeof holder === 'string' ? holder : holder.token;
      if (now === token) await unlink(path).catch(() => {});
    },
    { waitMs },
  );
}

/**
 * Runs `work` while holding the lock file `path` (its directory is created). Calls of one process exclude each other as well.
 *
 * @param options.signal ends the waiting, with its reason
 * @param options.onWait told once when somebody else has it: `process 4711 on host`
 * @throws LOCK_HELD when it is not free after `waitMs`
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  { waitMs = 30_000, signal, onWait }: { waitMs?: number; signal?: AbortSignal; onWait?: (holder: string) => void } = {},
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const holder: LockHolder = { ...currentProcess(), token: randomBytes(8).toString('hex') };
  const deadline = performance.now() + waitMs;
  let isWaitReported = false;
  while (!(await tryCreate(path, holder))) {
    signal?.throwIfAborted();
    const other = await readHolder(path);
    if (other === 'torn') await removeStaleLock(path, 'torn', waitMs);
    else if (typeof other !== 'string' && processState(other, holder) === 'dead')
      await removeStaleLock(path, other.token, waitMs);
    else {
      const by = typeof other === 'string' ? 'an unknown process' : `process ${other.pid} on ${other.host}`;
      if (performance.now() > deadline) throw storeError('LOCK_HELD', { path, by, waitedSeconds: waitMs / 1000 });
      if (other === 'gone') continue;
      if (!isWaitReported) onWait?.(by);
      isWaitReported = true;
      await delay(5 + Math.random() * 20);
    }
  }
  try {
    return await work();
  } finally {
    await unlink(path).catch(() => {});
  }
}
