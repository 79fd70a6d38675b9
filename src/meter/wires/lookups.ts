/** Requests that use no tokens: lists of models, and counting tokens. */
import type { LookupWire, Provider } from '../wire.ts';

function lookup(name: string, provider: Provider, ofMethod: string, ofPath: RegExp): LookupWire {
  return { name, provider, lookup: true, matches: (method, path) => method === ofMethod && ofPath.test(path) };
}

export const LOOKUPS: readonly LookupWire[] = [
  // Anthropic has its list of models at the same path.
  lookup('openai.models', 'openai', 'GET', /^\/v1\/models(\/.+)?$/),
  lookup('openai.input_tokens', 'openai', 'POST', /^\/v1\/responses\/input_tokens$/),
  lookup('anthropic.count_tokens', 'anthropic', 'POST', /^\/v1\/messages\/count_tokens$/),
  lookup('gemini.models', 'gemini', 'GET', /^\/v1(alpha|beta)\/models(\/.+)?$/),
  lookup('gemini.countTokens', 'gemini', 'POST', /^\/v1(alpha|beta)?\/models\/[^/]+:countTokens$/),
];
