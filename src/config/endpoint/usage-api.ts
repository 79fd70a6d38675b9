/** `usage_api`: who bills the calls, and the ids by which they are found there. */
import type { FrameworkSettings, UsageFilter, UsageProvider } from '../../schema/index.ts';
import { abbreviatedKey, hasKeyShape, isSecretName } from '../../secrets/index.ts';
import type { KeyPath } from '../errors.ts';
import type { Report } from '../file/document.ts';
import { expandOrReport, expandReferences, type ResolveContext } from '../references.ts';
import { providerOf } from './url.ts';

export type UsageSettings = NonNullable<NonNullable<FrameworkSettings['endpoint']>['usage_api']>;

const IDS = ['api_key_id', 'project_id', 'workspace_id'] as const;
type UsageId = (typeof IDS)[number];

/** How ids begin; null where the provider has none of that kind. */
const PREFIXES: Readonly<Record<UsageProvider, Readonly<Record<UsageId, string | null>>>> = {
  openai: { api_key_id: 'key_', project_id: 'proj_', workspace_id: null },
  anthropic: { api_key_id: 'apikey_', project_id: null, workspace_id: 'wrkspc_' },
};

const NAMES: Readonly<Record<UsageProvider, string>> = { openai: 'OpenAI', anthropic: 'Anthropic' };

export function isUsageId(key: string): boolean {
  return (IDS as readonly string[]).includes(key);
}

/** Ids that are keys, in any endpoint of the file. */
export function checkUsageIds(path: KeyPath, written: UsageSettings, report: Report): void {
  for (const id of IDS) {
    const value = written[id];
    if (value !== undefined && isKey(value)) refuseKey([...path, id], value, id, report);
  }
}

/** The usage API that bills the calls to `baseUrl`; null when there is none. */
export function resolveUsageApi(
  written: UsageSettings,
  place: (...keys: string[]) => KeyPath,
  baseUrl: string,
  to: ResolveContext,
): (UsageFilter & { provider: UsageProvider }) | null {
  const provider = written.provider ?? providerOf(baseUrl);
  if (provider === 'none') return null;
  if (provider === null) {
    const [needless] = [...IDS, 'admin_key' as const].filter((key) => written[key] !== undefined);
    if (needless !== undefined) {
      const predicate = 'is given, but the provider cannot be told from base_url';
      const fix = 'Add provider: openai or provider: anthropic beside it, or provider: none if the calls are not billed.';
      to.report.problem(place('usage_api', needless), predicate, fix);
    }
    return null;
  }
  const idOf = (id: UsageId): string | null => {
    const text = written[id];
    return text === undefined ? null : resolveId(id, text, provider, place('usage_api', id), to);
  };
  return {
    provider,
    api_key_id: idOf('api_key_id'),
    project_id: idOf('project_id'),
    workspace_id: idOf('workspace_id'),
  };
}

function resolveId(id: UsageId, text: string, provider: UsageProvider, path: KeyPath, to: ResolveContext): string | null {
  const prefix = PREFIXES[provider][id];
  if (prefix === null) {
    const other = id === 'project_id' ? 'workspace_id' : 'project_id';
    to.report.problem(path, `does not exist at ${NAMES[provider]}`, `Write ${other}, or remove it.`);
    return null;
  }
  const secretName = expandReferences(text, to.env).names.find(isSecretName);
  if (secretName !== undefined) {
    const predicate = `refers to \${${secretName}}, whose name looks like that of a secret, so the id would be masked in the record`;
    to.report.problem(path, predicate, `Call the variable ${secretName}_ID, and set it to the id.`);
    return null;
  }
  const value = expandOrReport(path, text, to);
  if (value === null) return null;
  if (isKey(value)) {
    // A literal was already checked by `checkUsageIds`.
    if (value !== text) refuseKey(path, value, id, to.report);
    return null;
  }
  if (!/^[\w.-]+$/.test(value)) {
    const predicate = value === '' ? 'is empty' : 'contains characters that are not allowed in an id';
    to.report.problem(path, predicate, `Write the id as ${NAMES[provider]} shows it, such as ${prefix}…`);
    return null;
  }
  if (!value.startsWith(prefix))
    to.report.warning(path, `does not begin with ${prefix}, as ids of this kind do at ${NAMES[provider]}`);
  return value;
}

function isKey(value: string): boolean {
  return hasKeyShape(value) || value.startsWith('sk-');
}

function refuseKey(path: KeyPath, value: string, id: UsageId, report: Report): void {
  const fix =
    id === 'api_key_id'
      ? 'Write the id that the provider shows for the key: key_… at OpenAI, apikey_… at Anthropic. The key itself belongs in api_key.'
      : 'Write the id that the provider shows: proj_… at OpenAI, wrkspc_… at Anthropic. A key belongs in api_key.';
  report.problem(path, `is a key, not an id: ${abbreviatedKey(value)}`, fix);
}
