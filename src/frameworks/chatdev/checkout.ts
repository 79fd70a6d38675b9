/** ChatDev writes into its own checkout, and pip into its Python environment, so each run gets its own copy of both. */
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeOutcome, runLogged } from '../../exec/index.ts';
import type { AdapterRun, AdapterStep } from '../../run/index.ts';
import { copyTree, rewindToStepStart } from '../carried-state.ts';
import type { SetupPaths } from '../../setup/index.ts';
import { chatdevError } from './errors.ts';

export interface ChatDevCheckout {
  /** Its working directory. */
  readonly source: string;
  /** Where it writes what it builds. */
  readonly outputDir: string;
  /** Holds `python3` and `pip`. Packages installed here stay in the run; those of the shared installation are visible too. */
  readonly binDir: string;
  /** The code to continue from; empty when there is none yet. */
  readonly previousCode: string;
}

export function checkoutOf({ scratch }: AdapterRun): ChatDevCheckout {
  const own = join(scratch, 'chatdev');
  const source = join(own, 'source');
  return { source, outputDir: join(source, 'WareHouse'), binDir: join(own, 'env', 'bin'), previousCode: join(own, 'base') };
}

/** Characters with a meaning in a shell, and the separator of PATH. */
const SPECIAL = /[\s"'`$&|;<>()\\*?[:]/g;

/**
 * An environment whose packages take precedence over those of the shared installation. Pip leaves the latter alone, since it does not
 * uninstall packages outside its own environment.
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
export async function createCheckout(run: AdapterRun, setup: SetupPaths): Promise<void> {
  const { source } = checkoutOf(run);
  const characters = [...new Set(source.match(SPECIAL))];
  if (characters.length > 0) throw chatdevError('CHATDEV_PATH_UNUSABLE', { path: run.scratch, characters });
  await rm(source, { recursive: true, force: true });
  await copyTree(setup.source, source);
  const { outcome } = await runLogged(
    {
      command: [setup.python, '-I', '-B', '-c', ENVIRONMENT, environmentOf(run)],
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
  throw new Error(`the run's own Python environment could not be made with ${setup.python}: ${describeOutcome(outcome)}`);
}

/**
 * Resets the checkout to its state before the step's first attempt, clears its output, and copies the code of the workspace as input.
 * Only top-level files are copied: ChatDev ignores others, and directories make it fail.
 *
 * @returns whether there is code to continue from
 */
export async function openCheckout(step: AdapterStep): Promise<boolean> {
  const { outputDir, previousCode } = checkoutOf(step);
  await rewindToStepStart(environmentOf(step), join(step.scratch, 'chatdev', 'before'), step.step);
  await rm(outputDir, { recursive: true, force: true });
  await rm(previousCode, { recursive: true, force: true });
  await mkdir(outputDir, { recursive: true });
  await mkdir(previousCode, { recursive: true });
  const entries = await readdir(step.workspace, { withFileTypes: true });
  const code = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.py'));
  for (const { name } of code) await cp(join(step.workspace, name), join(previousCode, name));
  return code.length > 0;
}

function environmentOf({ scratch }: AdapterRun): string {
  return join(scratch, 'chatdev', 'env');
}
