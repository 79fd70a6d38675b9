/** The run itself: steps, attempts, retries, time limits and the port to frameworks. */
export type * from './adapter.ts';
export { issueOf } from './adapter.ts';
export { processTagPrefix } from './adapter-context.ts';
export { recoverEvents } from './event-recovery.ts';
export { executeRun } from './runner.ts';
export { removeRecursively } from './workspace-snapshot.ts';
