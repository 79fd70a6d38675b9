/** Makes frameworks ready: git, a Python environment, pip, npm, a lock, a record. A framework hands in its recipe, which is data. */
export { placedAgent, unknownAgent } from './agent.ts';
export { commitOf, describeRecord, placeOf, recipeDigest, type SetupPlace } from './place.ts';
export { describeSetup, readinessOf, requireReady, useSetup } from './readiness.ts';
export type { Recipe } from './recipe.ts';
export { PACKAGE_SETTINGS, SOURCE_SETTINGS, type SetupSettings } from './settings.ts';
export { setUp, type SetupResult } from './setup.ts';
