/** ChatDev writes into its own checkout, and pip into the environment it runs in: each run has its own of both. */
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeOutcome, runLogged } from '../../exec/index.ts';
import type { AdapterRun, AdapterStep } from '../../run/index.ts';
import { copyTree, openCarriedState } from '../carried-state.ts';
import type { SetupPlace } from '../../setup/index.ts';
import { chatdevError } from './errors.ts';

export interface ChatDevCopy {
  /** Its working directory. */
  readonly source: string;
  /** Where it puts what it builds. */
  readonly products: string;
  /** With `python3` and `pip`, whose packages stay in the run; those of the set-up are there too. */
  readonly programs: string;
  /** What it is to go on from; empty when it is to begin. */
  readonly base: string;
}

export function copyOf({ scratch }: AdapterRun): ChatDevCopy {
  const own = join(scratch, 'chatdev');
  const source = join(own, 'source');
  return { source, products: join(source, 'WareHouse'), programs: join(own, 'env', 'bin'), base: join(own, 'base') };
}

/** What a shell does not take as part of a word, and what divides PATH. */
const SPECIAL = /[\s"'`$&|;<>()\\*?[:]/g;

/**
 * An environment whose packages stand before those of the one that sets it up, which stay as they are: pip takes what it cannot remove
 * for somebody else's.
 */
const ENVIRONMENT = `
import os, sys, sysconfig, venv
target = sys.argv[1]
venv.EnvBuilder(symlinks=True, clear=True).create(target)
packages = os.path.join(target, 'lib', 'python%d.%d' % sys.version_info[:2], 'site-packages')
with open(os.path.join(packages, 'stepwell.pth'), 'w') as file: file.write(sysconfig.get_path('purelib') + os.linesep)
pip = os.path.join(target, 'bin', 'pip')
with open(pip, 'w') as file: file.write('#!/bin/sh\\nexec "$(dirname "$0")/python3" -m pip "$@"\\n')
os.chmod(pip, 0o755)
`;

/** @throws CHATDEV_PATH_UNUSABLE, and when the environment cannot be made */
export async function makeCopy(run: AdapterRun, place: SetupPlace): Promise<void> {
  const { source } = copyOf(run);
  const characters = [...new Set(source.match(SPECIAL))];
  if (characters.length > 0) throw chatdevError('CHATDEV_PATH_UNUSABLE', { path: run.scratch, characters });
  await rm(source, { recursive: true, force: true });
  await copyTree(place.source, source);
  const { outcome } = await runLogged(
    {
      command: [place.python, '-I', '-B', '-c', ENVIRONMENT, environmentOf(run)],
      cwd: source,
      env: run.env,
      graceMs: run.shutdownGraceSeconds * 1000,
      signal: run.signal,
      processTag: run.processTag,
    },
    run.log,
  );
  run.signal.throwIfAborted();
  if (outcome.status === 'exited' && outcome.exitCode === 0) return;
  throw new Error(`the run's own Python environment could not be made with ${place.python}: ${describeOutcome(outcome)}`);
}

/**
 * Brings the copy to where the first attempt at the step found it, with nothing built yet, and the code of the workspace as what it
 * is to go on from. Only files at the top are: of others ChatDev knows nothing, and folders make it fail.
 *
 * @returns whether there is code to go on from
 */
export async function openCopy(step: AdapterStep): Promise<boolean> {
  const { products, base } = copyOf(step);
  await openCarriedState(environmentOf(step), join(step.scratch, 'chatdev', 'before'), step.step);
  await rm(products, { recursive: true, force: true });
  await rm(base, { recursive: true, force: true });
  await mkdir(products, { recursive: true });
  await mkdir(base, { recursive: true });
  const entries = await readdir(step.workspace, { withFileTypes: true });
  const code = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.py'));
  for (const { name } of code) await cp(join(step.workspace, name), join(base, name));
  return code.length > 0;
}

function environmentOf({ scratch }: AdapterRun): string {
  return join(scratch, 'chatdev', 'env');
}
