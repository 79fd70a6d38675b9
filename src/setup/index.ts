/** Installs frameworks: git, a Python environment, pip, npm, a lock, a record. Each framework provides a recipe, which is data. */
export { installedAgent, unknownAgentError } from './agent.ts';
export { commitOf, describeRecord, setupPaths, recipeDigest, type SetupPaths } from './paths.ts';
export { describeSetup, checkReadiness, requireSetup, recordSetup } from './readiness.ts';
export type { Recipe } from './recipe.ts';
export { PACKAGE_SETTINGS, SOURCE_SETTINGS, type SetupSettings } from './settings.ts';
export { setUp, type SetupResult } from './setup.ts';
