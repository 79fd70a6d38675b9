/** The table of wires. A new format needs one file and one entry here. */
import { anthropicMessages } from './anthropic-messages.ts';
import { geminiGenerateContent, geminiStreamGenerateContent } from './gemini-generate-content.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiEmbeddings } from './openai-embeddings.ts';
import { openaiResponses } from './openai-responses.ts';
import type { LookupWire, Provider, Wire } from './wire.ts';

function lookup(name: string, provider: Provider, ofMethod: string, ofPath: RegExp): LookupWire {
  return { name, provider, lookup: true, matches: (method, path) => method === ofMethod && ofPath.test(path) };
}

const WIRES: readonly Wire[] = [
  openaiChat,
  anthropicMessages,
  openaiResponses,
  openaiEmbeddings,
  geminiGenerateContent,
  geminiStreamGenerateContent,
  // Requests that use no tokens. Anthropic lists its models at the same path as OpenAI.
  lookup('openai.models', 'openai', 'GET', /^\/v1\/models(\/.+)?$/),
  lookup('openai.input_tokens', 'openai', 'POST', /^\/v1\/responses\/input_tokens$/),
  lookup('anthropic.count_tokens', 'anthropic', 'POST', /^\/v1\/messages\/count_tokens$/),
  lookup('gemini.models', 'gemini', 'GET', /^\/v1(alpha|beta)\/models(\/.+)?$/),
  lookup('gemini.countTokens', 'gemini', 'POST', /^\/v1(alpha|beta)?\/models\/[^/]+:countTokens$/),
];

/** The wire of a request, or null on an unknown path. `path` starts with `/v1` or similar and has no query. */
export function wireOf(method: string, path: string): Wire | null {
  return WIRES.find((wire) => wire.matches(method, path)) ?? null;
}

/** The provider whose client most likely sends this path; for errors on paths that match no wire. */
export function providerOf(path: string): Provider {
  if (/^\/v1\/(messages|complete)\b/.test(path)) return 'anthropic';
  return /^\/v1(alpha|beta)\b|:\w+$/.test(path) ? 'gemini' : 'openai';
}
