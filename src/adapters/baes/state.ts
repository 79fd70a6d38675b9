/** What BAEs keeps from step to step beside the system it builds: its working directory, with the context store in it. */
import { cp, mkdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdapterStep } from '../../run.ts';

/** Names are relative and short: BAEs behaves otherwise when an argument, a path included, has the letters `test` in it. */
export const PROGRAM = 'framework/bae_noninteractive.py';
export const CONTEXT_STORE = 'state/context.json';

/**
 * The working directory of an attempt. The first attempt at a step keeps a copy of what it found; the next begin from that copy, as
 * the workspace does.
 */
export async function openState(step: AdapterStep, source: string): Promise<string> {
  const own = join(step.scratch, 'baes');
  const [work, before] = [join(own, 'cwd'), join(own, `before_${step.step}`)];
  await mkdir(work, { recursive: true });
  if (!(await exists(before))) {
    // Named last: a copy that was cut off is none.
    const copy = `${before}.new`;
    await rm(copy, { recursive: true, force: true });
    await cp(work, copy, { recursive: true, verbatimSymlinks: true });
    await rename(copy, before);
  } else {
    await rm(work, { recursive: true, force: true });
    await cp(before, work, { recursive: true, verbatimSymlinks: true });
  }
  await mkdir(join(work, 'state'), { recursive: true });
  await rm(join(work, 'framework'), { force: true });
  await symlink(source, join(work, 'framework'));
  return work;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
