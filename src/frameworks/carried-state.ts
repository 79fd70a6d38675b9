/** State that a framework keeps between steps outside its workspace. */
import { access, cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Brings `directory` to where the first attempt at the step found it, as the runner does with the workspace: that attempt keeps a copy
 * in the directory `backups`, and the next begin from it. Copies of steps before go, since no attempt at them follows.
 */
export async function rewindToStepStart(directory: string, backups: string, step: number): Promise<void> {
  const backup = join(backups, String(step));
  if (await exists(backup)) {
    await rm(directory, { recursive: true, force: true });
    await copyTree(backup, directory);
    return;
  }
  await rm(backups, { recursive: true, force: true });
  // Named last: a copy that was cut off is none.
  const copy = `${backup}.new`;
  await copyTree(directory, copy);
  await rename(copy, backup);
}

/** Keeps modification times; otherwise Python would recompile every file at every start. */
export async function copyTree(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
