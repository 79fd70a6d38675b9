/** The run's `config.yaml`. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { stringify } from 'yaml';
import type { ExperimentConfig, FrameworkSettings } from '../schema.ts';
import { isSecretName } from '../secrets.ts';

const WITHHELD = '[withheld: a literal value of the configuration file]';

/** YAML of the configuration with every default filled in. References stay; literals in places of secrets are withheld. */
export function snapshotConfig(config: ExperimentConfig, file: string): { text: string; sha256: string } {
  const kept = {
    ...config,
    ...withoutLiterals(config),
    frameworks: Object.fromEntries(
      Object.entries(config.frameworks).map(([name, settings]) => [
        name,
        { ...settings, env: withheld(settings.env), ...withoutLiterals(settings) },
      ]),
    ),
  };
  const heading = `# The configuration of this run, as stepwell resolved it from ${basename(file)}. Paths are relative to that file.\n`;
  const text = heading + stringify(kept, { lineWidth: 0, aliasDuplicateObjects: false });
  return { text, sha256: createHash('sha256').update(text).digest('hex') };
}

function withoutLiterals({ endpoint }: Pick<FrameworkSettings, 'endpoint'>): Pick<FrameworkSettings, 'endpoint'> {
  if (endpoint === undefined) return {};
  const { usage_api } = endpoint;
  return { endpoint: { ...withheld(endpoint), ...(usage_api === undefined ? {} : { usage_api: withheld(usage_api) }) } };
}

function withheld<T extends Record<string, unknown>>(values: T): T {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, isLiteralSecret(name, value) ? WITHHELD : value]),
  ) as T;
}

function isLiteralSecret(name: string, value: unknown): boolean {
  return isSecretName(name) && typeof value === 'string' && value !== '' && !value.includes('${');
}
