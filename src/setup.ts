/** Makes frameworks ready: git, a Python environment, pip, npm, a lock, a record. A framework hands in its recipe, which is data. */
export { placedAgent, unknownAgent } from './setup/agent.ts';
export { commitOf, describeRecord, placeOf, recipeDigest, type SetupPlace } from './setup/place.ts';
export { describeSetup, readinessOf, requireReady, useSetup } from './setup/readiness.ts';
export type { Recipe } from './setup/recipe.ts';
export { PACKAGE_SETTINGS, SOURCE_SETTINGS, type SetupSettings } from './setup/settings.ts';
export { setUp, type SetupResult } from './setup/setup.ts';
