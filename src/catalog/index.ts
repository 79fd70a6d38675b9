/** All runs: listed, named by a few characters, opened, and indexed in `runs_manifest.json`. */
export { compareRuns, spreadOf, type ComparedFigures, type ComparedGroup, type RunKind, type Spread } from './compare.ts';
export { describeRun } from './describe.ts';
export { catalogError } from './errors.ts';
export { findRun, LATEST, type FoundRun } from './find.ts';
export { listRuns, type CatalogRun, type RunList, type RunState } from './list.ts';
export { readManifest, rebuildManifest, updateManifest, type ManifestChange, type ManifestState } from './manifest.ts';
export { openRun } from './open.ts';
export { totalsByFramework } from './totals.ts';
