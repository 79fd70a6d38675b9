/** All runs: listed, named by a few characters, opened, and indexed in `runs_manifest.json`. */
export { compareRuns, spreadOf, type ComparedFigures, type ComparedGroup, type RunKind, type Spread } from './catalog/compare.ts';
export { describeRun } from './catalog/describe.ts';
export { catalogError } from './catalog/errors.ts';
export { findRun, LATEST, type FoundRun } from './catalog/find.ts';
export { listRuns, type CatalogRun, type RunList, type RunState } from './catalog/list.ts';
export { readManifest, rebuildManifest, updateManifest, type ManifestChange, type ManifestState } from './catalog/manifest.ts';
export { openRun } from './catalog/open.ts';
export { totalsByFramework } from './catalog/totals.ts';
