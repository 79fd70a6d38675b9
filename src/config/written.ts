/** Endpoints as they are written: that of the experiment, and what a framework changes of it. */
import type { ExperimentConfig, FrameworkSettings } from '../schema.ts';
import type { KeyPath } from './problem.ts';
import type { Environment } from './settings.ts';
import { originOf, providerOf } from './url.ts';

export type EndpointSettings = NonNullable<FrameworkSettings['endpoint']>;
export type UsageSettings = NonNullable<EndpointSettings['usage_api']>;

/** An endpoint as it is written, references and all, and where each of its keys stands in the file. */
export interface WrittenEndpoint {
  readonly settings: EndpointSettings;
  /** The experiment's `api_key_id` is not taken over: the framework has a key of its own, and names no id of it. */
  readonly lacksKeyId: boolean;
  readonly place: (...keys: string[]) => KeyPath;
}

/**
 * The endpoint of one framework: its own keys above those of the experiment's, those of `usage_api` one by one as well. What
 * belongs together stays together, so that no key is sent to a host that it is not for: a `base_url` on another host takes
 * nothing over, a `usage_api` of another provider nothing of the experiment's, and one at another address no `admin_key`. An
 * `api_key` of its own does not take over `api_key_id`, which names another key.
 *
 * @returns null when neither the framework nor the experiment has one
 */
export function writtenEndpoint(
  { endpoint: common, frameworks }: Pick<ExperimentConfig, 'endpoint' | 'frameworks'>,
  framework: string,
  env: Environment,
): WrittenEndpoint | null {
  const own = frameworks[framework]?.endpoint;
  if (own === undefined) return common === undefined ? null : commonEndpoint(common);
  const alone = common === undefined || isElsewhere(own, common, env);
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

export function commonEndpoint(common: EndpointSettings): WrittenEndpoint {
  return { settings: common, lacksKeyId: false, place: (...keys) => ['endpoint', ...keys] };
}

/** For an `own` at the host of `common`. */
function mergedUsage(own: EndpointSettings, common: EndpointSettings, env: Environment): UsageSettings {
  const { usage_api: ours = {} } = own;
  const { usage_api: theirs = {}, base_url = '' } = common;
  const billedBy = theirs.provider ?? providerOf(originOf(base_url, env) ?? '');
  if (ours.provider !== undefined && ours.provider !== billedBy) return ours;
  const usage = { ...theirs, ...ours };
  if (ours.admin_key === undefined && isElsewhere(ours, theirs, env)) delete usage.admin_key;
  return usage;
}

function isElsewhere(own: Pick<UsageSettings, 'base_url'>, common: Pick<UsageSettings, 'base_url'>, env: Environment): boolean {
  if (own.base_url === undefined || own.base_url === common.base_url) return false;
  const origin = originOf(own.base_url, env);
  return origin === null || origin !== originOf(common.base_url ?? '', env);
}
