/** What holds for a framework that comes as a package, and not as a commit of its source. */
import type { StepwellError } from '../errors.ts';
import type { SetupSettings } from './settings.ts';
import type { Recipe } from './recipe.ts';
import { setupError } from './errors.ts';

/** Keys that mean nothing where there is no source, by what is wrong with each. @param framework its name in the configuration */
export function misplacedKeys(recipe: Recipe, settings: SetupSettings, framework = recipe.name): StepwellError[] {
  if (recipe.repository !== null) return [];
  const packaged = recipe.packages.join(', ');
  return (['commit_hash', 'repo_url'] as const)
    .filter((key) => settings[key] !== undefined)
    .map((key) => setupError('SETUP_WITHOUT_SOURCE', { framework, key, packaged }));
}
