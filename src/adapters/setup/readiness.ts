/** Whether a framework is set up, looked at without changing anything. */
import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { stepwellError } from '../../errors.ts';
import type { Finding } from '../../run.ts';
import type { FrameworkSettings } from '../../schema.ts';
import { describeRecord, placeOf, readSetup, type SetupPlace, type SetupRecord } from './place.ts';
import type { Recipe } from './recipe.ts';

export type Readiness =
  | { readonly status: 'ready'; readonly place: SetupPlace; readonly record: SetupRecord }
  | { readonly status: 'not_ready'; readonly place: SetupPlace; readonly finding: Finding };

/** @param framework how the configuration calls it: that is what has to be typed */
export async function readinessOf(recipe: Recipe, settings: FrameworkSettings, framework = recipe.name): Promise<Readiness> {
  const place = placeOf(recipe, settings);
  const record = await readSetup(place);
  if (record === null)
    return notReady(place, (await exists(place.directory)) ? 'begun, but never finished' : 'not there', framework);
  // Moved, or its Python was removed since: the record alone says nothing of that.
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
export async function describeSetup(recipe: Recipe, settings: FrameworkSettings): Promise<string | null> {
  const readiness = await readinessOf(recipe, settings);
  if (readiness.status !== 'ready') return null;
  return `${describeRecord(readiness.record)}, in ${readiness.place.directory}`;
}

/** @throws FRAMEWORK_NOT_SET_UP */
export async function requireReady(recipe: Recipe, settings: FrameworkSettings): Promise<SetupPlace> {
  const readiness = await readinessOf(recipe, settings);
  if (readiness.status === 'ready') return readiness.place;
  throw notSetUp(readiness.place, 'not complete', recipe.name);
}

function notReady(place: SetupPlace, how: string, framework: string): Readiness {
  const { message, fix } = notSetUp(place, how, framework);
  return { status: 'not_ready', place, finding: { what: message, fix } };
}

function notSetUp({ directory }: SetupPlace, how: string, framework: string) {
  return stepwellError('FRAMEWORK_NOT_SET_UP', { framework, directory, how });
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
