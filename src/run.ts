/** The run itself: configuration, steps, attempts, retries, time limits and the port to frameworks. */
export type * from './run/adapter.ts';
export * from './run/config.ts';
export { markPrefix } from './run/environment.ts';
export { StepFailure, type RunFailure } from './run/failure.ts';
export { newRunId, RUN_ID } from './run/id.ts';
export type { RunOrder } from './run/order.ts';
export { executeRun, type PhaseResult, type RunOutcome } from './run/runner.ts';
export { removeTree } from './run/workspace.ts';
