/** The address of a run's usage API, and the admin key for it. */
import { declaredEndpoint, ORIGINAL_VARIABLES } from '../config/index.ts';
import type { UsageProvider } from '../schema/index.ts';
import type { RunConfig } from './settings.ts';

export type Access =
  | {
      readonly status: 'ok';
      readonly baseUrl: string | undefined;
      readonly adminKey: string;
    }
  | { readonly status: 'missing'; readonly reason: string; readonly fix: string };

/** In this order: the first that is set has the key. */
export const ADMIN_KEY_VARIABLES: Readonly<Record<UsageProvider, readonly string[]>> = {
  openai: ['OPENAI_ADMIN_KEY', ...ORIGINAL_VARIABLES.openaiAdminKey],
  anthropic: ['ANTHROPIC_ADMIN_KEY'],
};

/** Identifies the account of a run by its configured address and key reference: equal for runs of one account. */
export function accountKey(config: RunConfig, framework: string, env: NodeJS.ProcessEnv): string {
  const { base_url, admin_key } = declaredEndpoint(config, framework, env)?.settings.usage_api ?? {};
  return JSON.stringify([base_url, admin_key]);
}

/** Reads address and key from the run's configuration, expanding its references; without a configured key, from the environment. */
export function usageApiAccess(config: RunConfig, framework: string, provider: UsageProvider, env: NodeJS.ProcessEnv): Access {
  const written = declaredEndpoint(config, framework, env)?.settings.usage_api ?? {};
  const base = written.base_url === undefined ? null : expandReferences('base_url', written.base_url, env);
  if (base !== null && 'reason' in base) return { status: 'missing', ...base };
  const baseUrl = base?.value;
  if (written.admin_key !== undefined) {
    const key = expandReferences('admin_key', written.admin_key, env);
    return 'reason' in key ? { status: 'missing', ...key } : { status: 'ok', baseUrl, adminKey: key.value };
  }
  const names = ADMIN_KEY_VARIABLES[provider];
  const adminKey = names.map((name) => env[name]?.trim() ?? '').find((value) => value !== '');
  if (adminKey !== undefined) return { status: 'ok', baseUrl, adminKey };
  const [first = ''] = names;
  return {
    status: 'missing',
    reason: `No admin key for usage is set (looked for ${names.join(', ')}).`,
    fix: `Set ${first} to an admin key of the organization${provider === 'openai' ? ' (scope api.usage.read)' : ''}, or name one in the configuration under endpoint.usage_api.admin_key.`,
  };
}

function expandReferences(
  key: string,
  text: string,
  env: NodeJS.ProcessEnv,
): { readonly value: string } | { readonly reason: string; readonly fix: string } {
  const unset: string[] = [];
  const value = text.replaceAll(/\$\{([A-Za-z_]\w*)\}/g, (_, name: string) => {
    const found = env[name]?.trim() ?? '';
    if (found === '') unset.push(name);
    return found;
  });
  const [name] = unset;
  if (name !== undefined) {
    const reason = `The configuration takes usage_api.${key} from \${${name}}, which is not set.`;
    return { reason, fix: `Set it: export ${name}=…` };
  }
  if (value.startsWith('[withheld')) {
    const reason = `usage_api.${key} was written as a plain value in the configuration, so it is not kept with the run.`;
    return { reason, fix: 'Set the variable of the provider’s admin key, and write a reference to it in the configuration.' };
  }
  return { value };
}
