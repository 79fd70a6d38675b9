/** The run itself: steps, attempts, retries, time limits and the port to frameworks. */
export type * from './run/adapter.ts';
export { findingOf } from './run/adapter.ts';
export { markPrefix } from './run/adapter-context.ts';
export { recoverEvents } from './run/event-recovery.ts';
export { executeRun } from './run/runner.ts';
export { removeTree } from './run/workspace.ts';
