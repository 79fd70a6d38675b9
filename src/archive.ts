/** The archive of a run: packed once, read in place, checked against everything that can be recomputed. */
export { openArchive } from './archive/open.ts';
export { packRun, type PackOptions } from './archive/pack.ts';
