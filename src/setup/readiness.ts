/** Whether a framework is set up, looked at without changing anything. */
import { access, constants, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findingOf, type AdapterRun, type Finding } from '../run/index.ts';
import type { EventMetadata } from '../schema/index.ts';
import type { SetupSettings } from './settings.ts';
import { describeRecord, recipeDigest, placeOf, readSetup, type SetupPlace, type SetupRecord } from './place.ts';
import type { Recipe } from './recipe.ts';
import { setupError } from './errors.ts';

export type Readiness =
  | { readonly status: 'ready'; readonly place: SetupPlace; readonly record: SetupRecord }
  | { readonly status: 'not_ready'; readonly place: SetupPlace; readonly finding: Finding };

/** @param framework how the configuration calls it: that is what has to be typed */
export async function readinessOf(recipe: Recipe, settings: SetupSettings, framework = recipe.name): Promise<Readiness> {
  const place = placeOf(recipe, settings);
  const record = await readSetup(place);
  if (record === null)
    return notReady(
      place,
      (await exists(place.directory)) ? 'not complete, or made by another version of stepwell' : 'not there',
      framework,
    );
  if (record.recipe !== recipeDigest(recipe))
    return notReady(place, 'made with other packages than this stepwell asks for', framework);
  if (record.directory !== (await realpath(place.directory)))
    return notReady(place, `moved from ${record.directory}, which stands in its programs`, framework);
  // Its Python may have been removed since: the record says nothing of that.
  if (!(await isExecutable(place.python))) return notReady(place, 'without its Python', framework);
  const missing = await missingFile(recipe, place);
  return missing === null ? { status: 'ready', place, record } : notReady(place, `without ${missing}`, framework);
}

/** The first file that has to be there and is not. */
export async function missingFile(recipe: Recipe, place: SetupPlace): Promise<string | null> {
  const top = recipe.repository === null ? place.programs : place.source;
  for (const file of recipe.requires) {
    if (!(await exists(join(top, file)))) return file;
  }
  return null;
}

/** For `stepwell doctor`: what is set up and where; null when it is not. */
export async function describeSetup(recipe: Recipe, settings: SetupSettings): Promise<string | null> {
  const readiness = await readinessOf(recipe, settings);
  if (readiness.status !== 'ready') return null;
  return `${describeRecord(readiness.record)}, in ${readiness.place.directory}`;
}

/** @throws FRAMEWORK_NOT_SET_UP */
export async function requireReady(recipe: Recipe, settings: SetupSettings): Promise<SetupPlace> {
  return (await readyOf(recipe, settings, recipe.name)).place;
}

/**
 * The set-up that a run stands on, which goes into its record: packages that no recipe pins differ from one set-up to the next.
 *
 * @throws FRAMEWORK_NOT_SET_UP
 */
export async function useSetup(recipe: Recipe, run: AdapterRun<SetupSettings>): Promise<SetupPlace> {
  const { place, record } = await readyOf(recipe, run.settings, run.framework);
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
  return place;
}

async function readyOf(recipe: Recipe, settings: SetupSettings, framework: string) {
  const readiness = await readinessOf(recipe, settings, framework);
  if (readiness.status === 'ready') return readiness;
  throw notSetUp(readiness.place, 'not complete', framework);
}

function notReady(place: SetupPlace, how: string, framework: string): Readiness {
  return { status: 'not_ready', place, finding: findingOf(notSetUp(place, how, framework)) };
}

function notSetUp({ directory }: SetupPlace, how: string, framework: string) {
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
