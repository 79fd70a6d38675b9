/** The archive of a run: packed once, read in place, checked against everything that can be recomputed. */
export { readArchiveFacts } from './archive/archive-facts.ts';
export { openArchive, openArchiveBytes } from './archive/open.ts';
export { packRun, type PackOptions } from './archive/pack.ts';
export { verifyRun } from './archive/verify.ts';
export type { CheckedThing, VerifyItem, VerifyReport } from './archive/verify/report.ts';
