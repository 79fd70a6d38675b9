/** What BAEs keeps from step to step beside the system it builds: its working directory, with the context store in it. */
import { cp, mkdir, rm, stat, symlink } from 'node:fs/promises';
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
  if (step.attempt === 1 || !(await exists(before))) {
    await rm(before, { recursive: true, force: true });
    await cp(work, before, { recursive: true, verbatimSymlinks: true });
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
