/** Endpoints: as declared, the experiment's merged with a framework's, and as resolved. */
import { isSecretName } from '../../secrets/index.ts';
import type { ExperimentConfig, FrameworkSettings } from '../../schema/index.ts';
import type { KeyPath } from '../errors.ts';
import { expandOrReport, expandReferences, collectSecretsOf, type Environment, type ResolveContext } from '../references.ts';
import type { ResolvedEndpoint } from '../resolved.ts';
import { checkUrl, originOf, providerOf } from './url.ts';
import { resolveUsageApi, type UsageSettings } from './usage-api.ts';

type EndpointSettings = NonNullable<FrameworkSettings['endpoint']>;

/** An endpoint as declared, with references unexpanded, and the key path of each of its keys. */
export interface DeclaredEndpoint {
  readonly settings: EndpointSettings;
  /** The framework has its own key but gives no id for it, and the experiment's `api_key_id` belongs to another key. */
  readonly lacksKeyId: boolean;
  readonly place: (...keys: string[]) => KeyPath;
}

/**
 * The endpoint of one framework: its own keys override the experiment's, also within `usage_api`. So that no key is sent to a host
 * it is not meant for, a `base_url` on another host inherits nothing, a `usage_api` of another provider inherits nothing from the
 * experiment's, and one at another address no `admin_key`. A framework with its own `api_key` does not inherit `api_key_id`.
 *
 * @returns null when neither the framework nor the experiment has one
 */
export function declaredEndpoint(
  { endpoint: common, frameworks }: Pick<ExperimentConfig, 'endpoint' | 'frameworks'>,
  framework: string,
  env: Environment,
): DeclaredEndpoint | null {
  const own = frameworks[framework]?.endpoint;
  if (own === undefined) return common === undefined ? null : commonEndpoint(common);
  const alone = common === undefined || hasOtherOrigin(own, common, env);
  const place = (...keys: string[]): KeyPath => {
    const isOwn =
      alone || keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], own) !== undefined;
    return isOwn ? ['frameworks', framework, 'endpoint', ...keys] : ['endpoint', ...keys];
  };
  if (alone) return { settings: own, lacksKeyId: false, place };
  const hasOwnKey = own.api_key !== undefined && own.api_key !== common.api_key;
  const usage = mergedUsage(own, common, env);
  const lacksKeyId = hasOwnKey && own.usage_api?.api_key_id === undefined && usage.api_key_id !== undefined;
  if (lacksKeyId) delete usage.api_key_id;
  return { settings: { ...common, ...own, usage_api: usage }, lacksKeyId, place };
}

export function commonEndpoint(common: EndpointSettings): DeclaredEndpoint {
  return { settings: common, lacksKeyId: false, place: (...keys) => ['endpoint', ...keys] };
}

/** Requires that `own` is on the host of `common`. */
function mergedUsage(own: EndpointSettings, common: EndpointSettings, env: Environment): UsageSettings {
  const { usage_api: ours = {} } = own;
  const { usage_api: theirs = {}, base_url = '' } = common;
  const billedBy = theirs.provider ?? providerOf(originOf(base_url, env) ?? '');
  if (ours.provider !== undefined && ours.provider !== billedBy) return ours;
  const usage = { ...theirs, ...ours };
  if (ours.admin_key === undefined && hasOtherOrigin(ours, theirs, env)) delete usage.admin_key;
  return usage;
}

function hasOtherOrigin(
  own: Pick<UsageSettings, 'base_url'>,
  common: Pick<UsageSettings, 'base_url'>,
  env: Environment,
): boolean {
  if (own.base_url === undefined || own.base_url === common.base_url) return false;
  const origin = originOf(own.base_url, env);
  return origin === null || origin !== originOf(common.base_url ?? '', env);
}

/** The endpoint with its key, in memory only; null when a problem was reported. */
export function resolveEndpoint(written: DeclaredEndpoint, to: ResolveContext): ResolvedEndpoint | null {
  const { settings, lacksKeyId, place } = written;
  const { base_url, api_key, ask_stream_usage: askStreamUsage = true } = settings;
  if (base_url === undefined) {
    const fix = 'Add base_url, here or in an endpoint at the top level of the file.';
    to.report.problem(place('base_url').slice(0, -1), 'has no base_url', fix);
    return null;
  }
  if (lacksKeyId) {
    const predicate = 'is a separate key without usage_api.api_key_id, so its usage cannot be told apart from other usage';
    to.report.warning(place('api_key'), predicate);
  }
  checkUrl(place('base_url'), base_url, to);
  const baseUrl = expandOrReport(place('base_url'), base_url, to);
  collectSecretsOf('endpoint.base_url', base_url, to);
  const apiKey = api_key === undefined ? null : resolveKey(place('api_key'), api_key, to);
  const usageApi = baseUrl === null ? null : resolveUsageApi(settings.usage_api ?? {}, place, baseUrl, to);
  if (baseUrl === null) return null;
  const shownUrl = expandReferences(base_url, to.env).names.some(isSecretName) ? base_url : baseUrl;
  return { baseUrl: withoutSlash(baseUrl), shownUrl: withoutSlash(shownUrl), apiKey, askStreamUsage, usageApi };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

function resolveKey(path: KeyPath, text: string, to: ResolveContext): string | null {
  const key = expandOrReport(path, text, to);
  if (key === null) return null;
  if (key === '') to.report.problem(path, 'is empty', 'Set the variable to the key, or leave out api_key where none is needed.');
  else if (!/^[\x21-\x7e]+$/.test(key)) {
    const fix = 'Set the variable to the key alone.';
    to.report.problem(path, 'contains whitespace or characters that are not allowed in an HTTP header', fix);
  }
  return key;
}
