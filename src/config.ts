/** From `experiment.yaml`, flags and environment to the configuration of runs. Nothing is written and nothing started. */
export type { AdapterSettings } from './config/frameworks.ts';
export { experimentSchemaText } from './config/file/published.ts';
export { digestOf } from './config/checks.ts';
export { writtenEndpoint } from './config/endpoint/endpoint.ts';
export { loadConfig } from './config/load.ts';
export type { ResolvedConfig, ResolvedFramework, ResolvedStep } from './config/resolved.ts';
export { resolveRunsDir, resolveSettings, type SettingSource } from './config/settings.ts';
