/** Base URLs of providers. */
import type { UsageProvider } from '../../schema/index.ts';
import { hasCredentials, withoutCredentials } from '../../secrets/index.ts';
import type { KeyPath } from '../errors.ts';
import { showValue } from '../show-value.ts';
import { expandReferences, type ResolveContext } from '../references.ts';

/** Providers whose paths are known: their base URL names a version. */
const VERSIONED: Readonly<Record<string, string>> = {
  'api.openai.com': '/v1',
  'eu.api.openai.com': '/v1',
  'us.api.openai.com': '/v1',
  'api.anthropic.com': '/v1',
  'generativelanguage.googleapis.com': '/v1beta',
};

/** Messages show the text as written, never the value of a reference: it may be a key in the wrong place. */
export function checkUrl(path: KeyPath, written: string, { env, report }: ResolveContext): void {
  const fix = 'Write an absolute URL such as https://api.openai.com/v1.';
  const { value, unset, malformed } = expandReferences(written, env);
  if (unset.length + malformed.length > 0) return;
  const url = URL.parse(value);
  const shown = showValue(withoutCredentials(written), path);
  if (url === null || !/^https?:$/.test(url.protocol))
    report.problem(path, `is ${shown}, which is not an http or https URL${value === written ? '' : ' after expansion'}`, fix);
  else if (hasCredentials(url))
    report.problem(path, 'contains a user name or password', `Move it to ${keyBeside(path)}, as a \${NAME} reference.`);
  else if (url.search !== '' || url.hash !== '')
    report.problem(path, 'contains a query or fragment; a base URL must end in a path', fix);
  else if (VERSIONED[url.hostname] !== undefined && !/\/v\d/.test(url.pathname)) {
    const meant = `${url.origin}${url.pathname.replace(/\/+$/, '')}${VERSIONED[url.hostname]}`;
    report.problem(path, `is ${shown}, without the API version that paths of ${url.hostname} start with`, `Write ${meant}.`);
  }
}

/** Where the key to a URL belongs. */
function keyBeside(path: KeyPath): string {
  return path.includes('usage_api') ? 'admin_key' : 'api_key';
}

/** Who bills the calls, by host: api.openai.com with its regional variants, and api.anthropic.com. */
export function providerOf(baseUrl: string): UsageProvider | null {
  const host = URL.parse(baseUrl)?.hostname ?? '';
  if (/^([a-z]{2}\.)?api\.openai\.com$/.test(host)) return 'openai';
  return host === 'api.anthropic.com' ? 'anthropic' : null;
}

/** The origin of the URL after expansion; null when it cannot be determined. */
export function originOf(written: string, env: ResolveContext['env']): string | null {
  const { value, unset, malformed } = expandReferences(written, env);
  return unset.length + malformed.length > 0 ? null : (URL.parse(value)?.origin ?? null);
}
