/** The framework's own Python environment. */
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { hash } from 'node:crypto';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SetupSettings } from './settings.ts';
import type { SetupPaths } from './paths.ts';
import type { Recipe } from './recipe.ts';
import type { SetupTools } from './tool.ts';
import { setupError } from './errors.ts';

/** Prints its version and the modules it lacks to create environments: Debian's Python comes without ensurepip. */
const PROBE = `
import sys
lacks = []
for name in ('venv', 'ensurepip'):
    try: __import__(name)
    except ImportError: lacks.append(name)
print('%d.%d.%d' % sys.version_info[:3], *lacks)
`;

export interface FoundPython {
  readonly program: string;
  /** `3.11.7` */
  readonly version: string;
}

/**
 * The Python named by the settings, or the first one on PATH or in pyenv of a version that the framework runs on.
 *
 * @throws SETUP_PYTHON_MISSING
 */
export async function findPython(
  recipe: Recipe,
  settings: SetupSettings,
  { cwd, path, home, tools }: { cwd: string; path: string; home: string | undefined; tools: SetupTools },
): Promise<FoundPython> {
  const fits = (version: string): boolean => recipe.pythons.some((wanted) => version.startsWith(`${wanted}.`));
  const seen: string[] = [];
  let incomplete: string | null = null;
  for (const program of settings.python === undefined ? await candidates(recipe, path, home) : [settings.python]) {
    const looked = await tools.attempt([program, '-c', PROBE], cwd);
    const [version, ...lacks] = (looked.ok ? looked.stdout[0] : undefined)?.trim().split(' ') ?? [];
    if (version === undefined) continue;
    if (fits(version) && lacks.length === 0) return { program, version };
    if (fits(version)) incomplete ??= version.split('.').slice(0, 2).join('.');
    seen.push(`${program} (${version}${lacks.length === 0 ? '' : ` without ${lacks.join(' and ')}`})`);
  }
  const configured = settings.python ?? null;
  throw setupError('SETUP_PYTHON_MISSING', {
    framework: recipe.name,
    wanted: recipe.pythons,
    configured,
    seen: [...new Set(seen)],
    incomplete,
  });
}

/** A name on PATH can be a shim that only fails (of a version manager), so each directory is tried. */
async function candidates({ pythons }: Recipe, path: string, home: string | undefined): Promise<string[]> {
  const directories = path.split(delimiter).filter(isAbsolute);
  const onPath = [...pythons.map((version) => `python${version}`), 'python3'].flatMap((name) =>
    directories.map((directory) => join(directory, name)),
  );
  if (home === undefined) return onPath;
  // pyenv installs all versions here, active or not.
  const versions = join(home, '.pyenv', 'versions');
  const there = (await readdir(versions).catch(() => [] as string[])).sort();
  const kept = pythons.flatMap((wanted) => there.filter((version) => version.startsWith(`${wanted}.`)));
  return [...onPath, ...kept.map((version) => join(versions, version, 'bin', 'python'))];
}

/** @throws SETUP_STEP_FAILED @returns `name==version` of all that is installed */
export async function makeEnvironment(
  recipe: Recipe,
  python: FoundPython,
  paths: SetupPaths,
  tools: SetupTools,
): Promise<string[]> {
  const cwd = paths.directory;
  await tools.run('create a Python environment', [python.program, '-m', 'venv', paths.environment], cwd);
  const pip = [paths.python, '-m', 'pip', '--quiet'] as const;
  if (recipe.packages.length > 0) {
    const withoutAccess = 'if PyPI is not reachable, set PIP_INDEX_URL to an index that is';
    await tools.run('install its packages', [...pip, 'install', ...recipe.packages], cwd, withoutAccess);
  }
  if (recipe.imports.length > 0) {
    await tools.run('check its packages', [paths.python, '-c', `import ${recipe.imports.join(', ')}`], cwd);
  }
  // Compile now: nothing is written here while runs are in progress.
  if (recipe.repository !== null) await tools.attempt([paths.python, '-m', 'compileall', '-q', paths.source], cwd);
  return await tools.run('list its packages', [...pip, 'freeze'], cwd);
}

/** By encoding: the file name that tiktoken looks for (SHA-1 of its URL), and the digest that it expects. */
const ENCODINGS: Record<string, { readonly name: string; readonly sha256: string }> = {
  o200k_base: {
    name: 'fb374d419588a4632f3f557e76b4b70aebbca790',
    sha256: '446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d',
  },
  cl100k_base: {
    name: '9b5ad71b2ce5302211f9c61530b329a4922fc6a4',
    sha256: '223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7',
  },
};

/** Encodings come with a package of stepwell's own, so nothing is fetched for them. @throws SETUP_ENCODING_WRONG */
export async function copyEncodings(recipe: Recipe, paths: SetupPaths): Promise<void> {
  if (recipe.encodings === undefined) return;
  await mkdir(paths.encodings, { recursive: true });
  const data = join(dirname(fileURLToPath(import.meta.resolve('gpt-tokenizer/package.json'))), 'data');
  for (const encoding of recipe.encodings) {
    const file = join(data, `${encoding}.tiktoken`);
    const { name, sha256 } = ENCODINGS[encoding]!;
    if (hash('sha256', await readFile(file)) !== sha256) throw setupError('SETUP_ENCODING_WRONG', { file, encoding });
    await copyFile(file, join(paths.encodings, name));
  }
}
