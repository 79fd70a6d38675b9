/**
 * Token counts for the rehearsal, estimated from the text alone, so that the same request always has the same counts.
 * A token is four bytes of UTF-8; each message adds four tokens of framing.
 */
import type { Message, Reply, Usage } from './model-request.ts';

const TOKENS_PER_MESSAGE = 4;
/** Providers cache prefixes of at least 1,024 tokens, in steps of 128. */
const MIN_CACHED_TOKENS = 1024;
const CACHE_STEP = 128;

function tokensOf(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

function promptTokens(messages: readonly Message[]): number {
  return messages.reduce((sum, { text }) => sum + TOKENS_PER_MESSAGE + tokensOf(text), 0);
}

/** The messages before the model's latest one were sent in an earlier request, so this prefix counts as read from the cache. */
function cacheReadTokens(messages: readonly Message[]): number {
  const last = messages.findLastIndex(({ role }) => role === 'assistant');
  const prefix = promptTokens(messages.slice(0, Math.max(last, 0)));
  return prefix < MIN_CACHED_TOKENS ? 0 : prefix - (prefix % CACHE_STEP);
}

export function estimateUsage(messages: readonly Message[], reply: Reply): Usage {
  return {
    inputTokens: promptTokens(messages),
    cacheReadTokens: cacheReadTokens(messages),
    outputTokens: tokensOf(reply.kind === 'text' ? reply.text : JSON.stringify(reply.args)),
  };
}
