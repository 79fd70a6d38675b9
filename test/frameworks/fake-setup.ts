/** A framework that counts as set up: a directory with the record, a Python and a source made of fake programs. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Recipe } from '../../src/setup/index.ts';
import { recipeDigest } from '../../src/setup/paths.ts';

/** The Python of this machine, as an absolute path; null when there is none. */
export const PYTHON = findPython();

function findPython(): string | null {
  try {
    return execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}

/** `3.11`; empty when there is none. */
export const PYTHON_VERSION = PYTHON === null ? '' : (evaluatePython('import sys; print("%d.%d" % sys.version_info[:2])') ?? '');

/** Why no environment of its own can be made with it, for `skip`; false when one can. */
export const NO_ENVIRONMENTS =
  PYTHON === null
    ? 'python3 is not on PATH'
    : evaluatePython('import venv, ensurepip') === null
      ? 'this python3 has no venv or ensurepip: apt-get install python3-venv'
      : false;

/** Why a test that makes an environment without pip of it cannot, for `skip`; false when it can. */
export const NO_VENV =
  PYTHON === null
    ? 'python3 is not on PATH'
    : evaluatePython('import venv') === null
      ? 'this python3 has no venv: apt-get install python3-venv'
      : false;

/** A python3 as Debian's own is, without the modules that make environments. @returns the program */
export function barePython(directory: string): string {
  mkdirSync(join(directory, 'hidden'), { recursive: true });
  const hook = `import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('venv', 'ensurepip', 'pip'): raise ModuleNotFoundError('No module named ' + repr(name))
sys.meta_path.insert(0, Hidden())
`;
  writeFileSync(join(directory, 'hidden/sitecustomize.py'), hook);
  const program = join(directory, 'python3');
  writeFileSync(program, `#!/bin/sh\nPYTHONPATH='${directory}/hidden' exec '${PYTHON}' "$@"\n`, { mode: 0o755 });
  return program;
}

function evaluatePython(program: string): string | null {
  try {
    return execFileSync(PYTHON!, ['-c', program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}

/** @param files taken from test/frameworks/fake @returns the install_dir for its settings */
export function fakeSetup(root: string, recipe: Recipe, files: readonly string[]): string {
  const installDir = join(root, 'frameworks');
  const directory = join(installDir, `${recipe.name}@${recipe.commit}`);
  mkdirSync(join(directory, 'source'), { recursive: true });
  mkdirSync(join(directory, 'env/bin'), { recursive: true });
  symlinkSync(PYTHON ?? '/nowhere', join(directory, 'env/bin/python'));
  for (const file of files) copyFileSync(join(import.meta.dirname, 'fake', file), join(directory, 'source', basename(file)));
  const place = { directory: realpathSync(directory), recipe: recipeDigest(recipe) };
  const record = { framework: recipe.name, ...place, commit: recipe.commit, python: '3.12.0', packages: [] };
  const repository = recipe.repository === null ? null : 'here';
  const made = { repository, stepwell_version: '0', completed_at: '2026-01-01T00:00:00.000Z' };
  writeFileSync(join(directory, 'setup.json'), JSON.stringify({ ...record, ...made }));
  return installDir;
}
