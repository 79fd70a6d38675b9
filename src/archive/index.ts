/** The archive of a run: packed once, read in place, checked against everything that can be recomputed. */
export { readArchiveFacts } from './archive-facts.ts';
export { openArchive, openArchiveBytes } from './open.ts';
export { packRun, type PackOptions } from './pack.ts';
export { verifyRun } from './verify.ts';
export type { CheckedThing, VerifyItem, VerifyReport } from './verify/report.ts';
