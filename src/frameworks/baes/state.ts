/** State of BAEs between steps, apart from the system it builds: its working directory with the context store. */
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdapterStep } from '../../run/index.ts';
import { rewindToStepStart } from '../carried-state.ts';

/** Names are relative and short: BAEs behaves otherwise when an argument, a path included, has the letters `test` in it. */
export const PROGRAM = 'framework/bae_noninteractive.py';
export const CONTEXT_STORE = 'state/context.json';

/** The working directory of an attempt, as the first attempt at the step found it. */
export async function openWorkingDirectory(step: AdapterStep, source: string): Promise<string> {
  const own = join(step.scratch, 'baes');
  const work = join(own, 'cwd');
  await mkdir(work, { recursive: true });
  await rewindToStepStart(work, join(own, 'before'), step.step);
  await mkdir(join(work, 'state'), { recursive: true });
  await rm(join(work, 'framework'), { force: true });
  await symlink(source, join(work, 'framework'));
  return work;
}
