/** What a framework carries from step to step outside of its workspace. */
import { access, cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Brings `tree` to where the first attempt at the step found it, as the runner does with the workspace: that attempt keeps a copy
 * in the directory `kept`, and the next begin from it. Copies of steps before go, since no attempt at them follows.
 */
export async function openCarriedState(tree: string, kept: string, step: number): Promise<void> {
  const before = join(kept, String(step));
  if (await exists(before)) {
    await rm(tree, { recursive: true, force: true });
    await copyTree(before, tree);
    return;
  }
  await rm(kept, { recursive: true, force: true });
  // Named last: a copy that was cut off is none.
  const copy = `${before}.new`;
  await copyTree(tree, copy);
  await rename(copy, before);
}

/** With times, or Python would compile every file anew at every start. */
export async function copyTree(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
