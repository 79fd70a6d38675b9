/** Whether a framework is set up. Changes nothing. */
import { access, constants, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdapterRun, PreflightIssue } from '../run/index.ts';
import type { EventMetadata } from '../schema/index.ts';
import type { SetupSettings } from './settings.ts';
import { describeRecord, recipeDigest, setupPaths, readSetup, type SetupPaths, type SetupRecord } from './paths.ts';
import type { Recipe } from './recipe.ts';
import { setupError } from './errors.ts';

export type Readiness =
  | { readonly status: 'ready'; readonly paths: SetupPaths; readonly record: SetupRecord }
  | { readonly status: 'not_ready'; readonly paths: SetupPaths; readonly issue: PreflightIssue };

/** @param framework its name in the configuration, which the user types */
export async function checkReadiness(recipe: Recipe, settings: SetupSettings, framework = recipe.name): Promise<Readiness> {
  const paths = setupPaths(recipe, settings);
  const record = await readSetup(paths);
  if (record === null)
    return notReady(
      paths,
      (await exists(paths.directory)) ? 'incomplete, or created by another version of stepwell' : 'not there',
      framework,
    );
  if (record.recipe !== recipeDigest(recipe))
    return notReady(paths, 'installed with other packages than this stepwell requires', framework);
  if (record.directory !== (await realpath(paths.directory)))
    return notReady(paths, `moved from ${record.directory}, a path that its programs contain`, framework);
  // Its Python may have been removed since.
  if (!(await isExecutable(paths.python))) return notReady(paths, 'without its Python', framework);
  const missing = await missingFile(recipe, paths);
  return missing === null ? { status: 'ready', paths, record } : notReady(paths, `without ${missing}`, framework);
}

/** The first required file that does not exist. */
export async function missingFile(recipe: Recipe, paths: SetupPaths): Promise<string | null> {
  const top = recipe.repository === null ? paths.programs : paths.source;
  for (const file of recipe.requires) {
    if (!(await exists(join(top, file)))) return file;
  }
  return null;
}

/** For `stepwell doctor`: what is set up and where; null when it is not. */
export async function describeSetup(recipe: Recipe, settings: SetupSettings): Promise<string | null> {
  const readiness = await checkReadiness(recipe, settings);
  if (readiness.status !== 'ready') return null;
  return `${describeRecord(readiness.record)}, in ${readiness.paths.directory}`;
}

/** @throws FRAMEWORK_NOT_SET_UP */
export async function requireSetup(recipe: Recipe, settings: SetupSettings): Promise<SetupPaths> {
  return (await readyOf(recipe, settings, recipe.name)).paths;
}

/**
 * Records the set-up that a run uses: unpinned packages can differ between set-ups.
 *
 * @throws FRAMEWORK_NOT_SET_UP
 */
export async function recordSetup(recipe: Recipe, run: AdapterRun<SetupSettings>): Promise<SetupPaths> {
  const { paths, record } = await readyOf(recipe, run.settings, run.framework);
  run.log.info(`Set up: ${describeRecord(record)}`, {
    event: 'framework_setup',
    metadata: {
      commit: record.commit,
      repository: record.repository,
      python: record.python,
      packages: record.packages,
      stepwell_version: record.stepwell_version,
      completed_at: record.completed_at,
    } satisfies EventMetadata<'framework_setup'>,
  });
  return paths;
}

async function readyOf(recipe: Recipe, settings: SetupSettings, framework: string) {
  const readiness = await checkReadiness(recipe, settings, framework);
  if (readiness.status === 'ready') return readiness;
  throw notSetUp(readiness.paths, 'not complete', framework);
}

function notReady(paths: SetupPaths, how: string, framework: string): Readiness {
  // The preflight puts the name of the framework in front, which the error's own sentence has to give itself.
  const { fix, code } = notSetUp(paths, how, framework);
  return { status: 'not_ready', paths, issue: { what: `not set up: ${paths.directory} is ${how}.`, fix, code } };
}

function notSetUp({ directory }: SetupPaths, how: string, framework: string) {
  return setupError('FRAMEWORK_NOT_SET_UP', { framework, directory, how });
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
