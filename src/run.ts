/** The run itself: configuration, steps, attempts, retries, time limits and the port to frameworks. */
export type * from './run/adapter.ts';
export {
  checkAdapters,
  digestOf,
  loadConfig,
  resolveRunsDir,
  type ResolvedConfig,
  type ResolvedFramework,
} from './run/config.ts';
export { repositoryAt, type Repository } from './run/config/repository.ts';
export { writtenEndpoint } from './run/config/written.ts';
export { markPrefix } from './run/environment.ts';
export { recoverEvents } from './run/event-recovery.ts';
export { newRunId, RUN_ID } from './run/id.ts';
export { executeRun } from './run/runner.ts';
export { removeTree } from './run/workspace.ts';
