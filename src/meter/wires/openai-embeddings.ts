/** OpenAI embeddings: `POST /v1/embeddings`, never streamed. */
import { countOf, errorOf, nameOf, objectOf, parseObject } from './json.ts';
import { requestText } from './text.ts';
import type { MeteredWire, Usage } from './wire.ts';

function readUsage(value: unknown): Usage | null {
  const raw = objectOf(value);
  if (raw === null) return null;
  const inputTokens = countOf(raw['prompt_tokens']);
  // Embeddings have no output tokens: this 0 is known, not missing.
  return {
    inputTokens,
    outputTokens: inputTokens === null ? null : 0,
    cacheReadTokens: null,
    cacheWriteTokens: null,
    reasoningTokens: null,
    raw,
  };
}

export const openaiEmbeddings: MeteredWire = {
  name: 'openai.embeddings',
  provider: 'openai',
  lookup: false,
  matches: (method, path) => method === 'POST' && path === '/v1/embeddings',
  parseRequest(bytes) {
    const body = parseObject(bytes.toString('utf8'));
    return body === null ? null : { model: nameOf(body['model']), stream: false, body: null, hideUsage: false };
  },
  parseResponse(bytes) {
    const body = parseObject(bytes.toString('utf8'));
    const usage = readUsage(body?.['usage']);
    return { model: nameOf(body?.['model']), usage, finished: true, closed: true, error: errorOf(body?.['error']) };
  },
  inputText: (body) => requestText(body, ['input'], []),
  outputText: () => '',
};
