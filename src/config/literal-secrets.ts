/** Literal secrets in the file: rejected if they look like keys, masked in the copy that a run keeps. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { stringify } from 'yaml';
import type { ExperimentConfig, FrameworkSettings } from '../schema/index.ts';
import { settingsOf, type AdapterTable } from './frameworks.ts';
import type { KeyPath } from './errors.ts';
import { abbreviatedKey, couldBeKey, hasKeyShape, isSecretName, parseRepository } from '../secrets/index.ts';
import { checkReferences, addSecret, collectSecretsOf, type ResolveContext } from './references.ts';
import { checkUrl } from './endpoint/url.ts';
import { checkUsageIds, isUsageId } from './endpoint/usage-api.ts';

/** Every endpoint and every framework, selected or not, needed or not. */
export function checkLiteralSecrets(
  { endpoint, frameworks = {} }: Partial<ExperimentConfig>,
  adapters: AdapterTable,
  to: ResolveContext,
): void {
  if (endpoint !== undefined) checkEndpoint(['endpoint'], endpoint, 'OPENAI_API_KEY', to);
  for (const [name, settings] of Object.entries(frameworks)) {
    const path = ['frameworks', name];
    for (const [variable, text] of Object.entries(settings.env)) {
      if (isSecretName(variable) && !text.includes('${') && text !== '')
        checkLiteralSecret([...path, 'env', variable], text, variable, to);
    }
    for (const [key, kind] of Object.entries(settingsOf(settings.adapter ?? name, adapters).paths ?? {}))
      if (kind === 'repository') checkRepository([...path, key], settings[key], to);
    const variable = `OPENAI_API_KEY_${name.toUpperCase().replaceAll(/\W/g, '_')}`;
    if (settings.endpoint !== undefined) checkEndpoint([...path, 'endpoint'], settings.endpoint, variable, to);
  }
}

function checkRepository(path: KeyPath, address: unknown, to: ResolveContext): void {
  const secret = typeof address !== 'string' ? null : parseRepository(address).secret;
  if (secret === null || secret.includes('${')) return;
  const fix = 'Use a git credential helper (`git help credentials`), or write a reference: https://${GIT_TOKEN}@….';
  to.report.problem(path, 'contains a password or a token', fix);
}

function checkEndpoint(
  path: KeyPath,
  { base_url, api_key, usage_api = {} }: NonNullable<FrameworkSettings['endpoint']>,
  variable: string,
  to: ResolveContext,
): void {
  const { admin_key, base_url: usageUrl } = usage_api;
  if (api_key !== undefined) {
    const place = [...path, 'api_key'];
    if (!api_key.includes('${')) checkLiteralSecret(place, api_key, variable, to);
    // Also for endpoints that this run does not use: another framework may print a key that is set.
    collectSecretsOf(place.join('.'), api_key, to);
  }
  if (base_url?.includes('${') === false) checkUrl([...path, 'base_url'], base_url, to);
  // Both are only read at reconciliation, possibly later and on another machine.
  if (usageUrl !== undefined) {
    const place = [...path, 'usage_api', 'base_url'];
    checkReferences(place, usageUrl, to);
    if (!usageUrl.includes('${')) checkUrl(place, usageUrl, to);
  }
  if (admin_key !== undefined) {
    const place = [...path, 'usage_api', 'admin_key'];
    if (admin_key.includes('${')) checkReferences(place, admin_key, to);
    else checkLiteralSecret(place, admin_key, 'OPENAI_ADMIN_KEY', to);
    collectSecretsOf(place.join('.'), admin_key, to);
  }
  checkUsageIds([...path, 'usage_api'], usage_api, to.report);
}

/** Reports text anywhere in the file that has the shape of a key. Keys whose name says secret are checked above. */
export function checkKeyShapes(value: unknown, to: ResolveContext, path: (string | number)[] = []): void {
  if (typeof value === 'string') {
    const place = String(path.at(-1));
    if (!hasKeyShape(value) || isSecretName(place) || isUsageId(place)) return;
    // References do not work in checks, since requests are recorded.
    const fix = path.includes('validation')
      ? 'Take the token from an earlier answer (`save: { token: … }`, then {{token}}), or use a made-up token that does not look like a key: at most 15 characters.'
      : 'Remove it; reference keys in environment variables as ${NAME}.';
    to.report.problem(path, `contains what looks like a key: ${abbreviatedKey(value)}`, fix);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value))
      checkKeyShapes(child, to, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

function checkLiteralSecret(path: KeyPath, text: string, variable: string, to: ResolveContext): void {
  const reference = `\${${variable}}`;
  const bare = /^\$([A-Za-z_]\w*)$/.exec(text)?.[1];
  if (bare !== undefined) {
    to.report.problem(path, `is "$${bare}", which is not a reference`, `Write it with braces: "\${${bare}}".`);
    return;
  }
  if (couldBeKey(text)) {
    const fix = `Put the key into an environment variable and write ${JSON.stringify(reference)} here. If the file was shared, revoke the key.`;
    to.report.problem(path, `contains what looks like a key: ${abbreviatedKey(text)}`, fix);
    return;
  }
  addSecret(path.join('.'), text, to.secrets);
  to.report.warning(path, `is a literal in the file; write a reference such as ${JSON.stringify(reference)}`);
}

const WITHHELD = '[withheld: a literal value of the configuration file]';

/** YAML of the configuration with every default filled in. References stay; literals in places of secrets are withheld. */
export function snapshotConfig(config: ExperimentConfig, file: string): { text: string; sha256: string } {
  const kept = {
    ...config,
    ...withoutLiterals(config),
    frameworks: Object.fromEntries(
      Object.entries(config.frameworks).map(([name, settings]) => [
        name,
        { ...settings, env: maskLiterals(settings.env), ...withoutLiterals(settings) },
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
  return { endpoint: { ...maskLiterals(endpoint), ...(usage_api === undefined ? {} : { usage_api: maskLiterals(usage_api) }) } };
}

function maskLiterals<T extends Record<string, unknown>>(values: T): T {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, isLiteralSecret(name, value) ? WITHHELD : value]),
  ) as T;
}

function isLiteralSecret(name: string, value: unknown): boolean {
  return isSecretName(name) && typeof value === 'string' && value !== '' && !value.includes('${');
}
