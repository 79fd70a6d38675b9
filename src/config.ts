/** From `experiment.yaml`, flags and environment to the configuration of runs. Nothing is written and nothing started. */
export { configError } from './config/errors.ts';
export { loadConfig, checkAdapters, type LoadConfigOptions } from './config/load.ts';
export { digestOf } from './config/measures.ts';
export { repositoryAt, type Repository } from './config/repository.ts';
export type { ResolvedConfig, ResolvedEndpoint, ResolvedFramework, ResolvedStep } from './config/resolved.ts';
export { resolveRunsDir, SETTINGS } from './config/settings.ts';
export { writtenEndpoint } from './config/written.ts';
