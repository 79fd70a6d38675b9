/** From an endpoint as it is written to one that can be reached. */
import { expanded, keepSecretsOf, type Collector } from './collector.ts';
import { isSecretName } from '../secrets.ts';
import type { KeyPath } from './problem.ts';
import { expandReferences } from './references.ts';
import type { ResolvedEndpoint } from './resolved.ts';
import { checkUrl } from './url.ts';
import { resolveUsageApi } from './usage-api.ts';
import type { WrittenEndpoint } from './written.ts';

/** The endpoint with its key, in memory only; null when something of it is reported as a problem. */
export function resolveEndpoint(written: WrittenEndpoint, to: Collector): ResolvedEndpoint | null {
  const { settings, lacksKeyId, place } = written;
  const { base_url, api_key, ask_stream_usage: askStreamUsage = true } = settings;
  if (base_url === undefined) {
    const fix = 'Add base_url, here or in an endpoint at the top level of the file.';
    to.report.problem(place('base_url').slice(0, -1), 'has no base_url', fix);
    return null;
  }
  if (lacksKeyId) {
    const says = 'is a key of its own, and usage_api names no api_key_id for it: its use is not told apart from other use';
    to.report.warning(place('api_key'), says);
  }
  checkUrl(place('base_url'), base_url, to);
  const baseUrl = expanded(place('base_url'), base_url, to);
  keepSecretsOf('endpoint.base_url', base_url, to);
  const apiKey = api_key === undefined ? null : resolveKey(place('api_key'), api_key, to);
  const usageApi = baseUrl === null ? null : resolveUsageApi(written, baseUrl, to);
  if (baseUrl === null) return null;
  const shownUrl = expandReferences(base_url, to.env).names.some(isSecretName) ? base_url : baseUrl;
  return { baseUrl: withoutSlash(baseUrl), shownUrl: withoutSlash(shownUrl), apiKey, askStreamUsage, usageApi };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

function resolveKey(path: KeyPath, text: string, to: Collector): string | null {
  const key = expanded(path, text, to);
  if (key === null) return null;
  if (key === '') to.report.problem(path, 'is empty', 'Set the variable to the key, or leave out api_key where none is needed.');
  else if (!/^[\x21-\x7e]+$/.test(key)) {
    const fix = 'Set the variable to the key alone.';
    to.report.problem(path, 'holds white space or characters that no HTTP header can carry', fix);
  }
  return key;
}
