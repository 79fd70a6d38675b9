/** From `experiment.yaml`, flags and environment to the configuration of runs. Nothing is written and nothing started. */
export type { AdapterSettings } from './frameworks.ts';
export { experimentSchemaText } from './file/published.ts';
export { digestOf } from './checks.ts';
export { writtenEndpoint } from './endpoint/endpoint.ts';
export { loadConfig } from './load.ts';
export type { ResolvedConfig, ResolvedFramework, ResolvedStep } from './resolved.ts';
export { resolveRunsDir, resolveSettings, type SettingSource } from './settings.ts';
