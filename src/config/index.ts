/** From `experiment.yaml`, flags and environment to the configuration of runs. Nothing is written and nothing started. */
export { experimentSchemaText } from './file/json-schema.ts';
export { checksDigest } from './checks.ts';
export { declaredEndpoint } from './endpoint/endpoint.ts';
export { loadConfig } from './load.ts';
export { ORIGINAL_VARIABLES } from './original-variables.ts';
export type { ResolvedConfig, ResolvedFramework, ResolvedStep } from './resolved.ts';
export { resolveRunsDir, resolveSettings, type SettingSource } from './settings.ts';
export type { AdapterSettings, PathKind } from './frameworks.ts';
