/** The table of wires: a new format is a file of its own and one entry here. */
import type { Provider, Wire } from './wire.ts';
import { messages } from './wires/anthropic.ts';
import { chatCompletions } from './wires/chat.ts';
import { embeddings } from './wires/embeddings.ts';
import { generateContent, streamGenerateContent } from './wires/gemini.ts';
import { LOOKUPS } from './wires/lookups.ts';
import { responses } from './wires/responses.ts';

export { errorBody } from './wires/error.ts';

const WIRES: readonly Wire[] = [
  chatCompletions,
  messages,
  responses,
  embeddings,
  generateContent,
  streamGenerateContent,
  ...LOOKUPS,
];

/** The wire of a request, or null when the meter does not understand its path (which begins with `/v1` or alike, without query). */
export function wireOf(method: string, path: string): Wire | null {
  return WIRES.find((wire) => wire.matches(method, path)) ?? null;
}

/** Whose client most likely sends this path; for errors on paths that are no wire's. */
export function providerOf(path: string): Provider {
  if (/^\/v1\/(messages|complete)\b/.test(path)) return 'anthropic';
  return /^\/v1(alpha|beta)\b|:\w+$/.test(path) ? 'gemini' : 'openai';
}
