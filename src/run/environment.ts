/** The surroundings of a framework's processes: marks, scratch directories, environment. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { allowedEnvironment } from '../exec.ts';
import { SCRATCH_DIR } from '../store.ts';

/** A new mark: `<run id>:<random>`. The run's own prefix finds the processes of all its attempts. */
function newMark(runId: string): string {
  return `${markPrefix(runId)}${randomBytes(8).toString('hex')}`;
}

export function markPrefix(runId: string): string {
  return `${runId}:`;
}

export interface Surroundings {
  readonly mark: string;
  readonly env: Record<string, string>;
}

/**
 * Makes the scratch directories and the environment. HOME stands for the whole run, since agents keep their session there;
 * TMPDIR is new for each attempt. Node's own directory is the last entry of PATH, so that what a framework builds for Node
 * can start where stepwell itself could.
 */
export async function makeSurroundings(run: {
  runDir: string;
  runId: string;
  /** `prepare` or `step_001_attempt_1`. */
  purpose: string;
  parentEnv: NodeJS.ProcessEnv;
  extra: Record<string, string>;
}): Promise<Surroundings> {
  const scratch = join(run.runDir, SCRATCH_DIR);
  const [home, tmpdir] = [join(scratch, 'home'), join(scratch, 'tmp', run.purpose)];
  await Promise.all([mkdir(home, { recursive: true }), mkdir(tmpdir, { recursive: true })]);
  const mark = newMark(run.runId);
  const env = allowedEnvironment(run.parentEnv, {
    home,
    tmpdir,
    mark,
    extra: { ...run.extra, STEPWELL_RUN_ID: run.runId },
  });
  const path = env['PATH'] === undefined ? [] : [env['PATH']];
  return { mark, env: { ...env, PATH: [...path, dirname(process.execPath)].join(delimiter) } };
}
