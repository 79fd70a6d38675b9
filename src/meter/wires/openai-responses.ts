/**
 * OpenAI Responses: `POST /v1/responses`, streamed and not, and `POST /v1/responses/compact`. A response in background mode has no
 * usage; a later response, which the meter does not parse, has it.
 */
import { countOf, errorOf, nameOf, objectOf, parseObject, textOf, type Json } from './json.ts';
import { eventStreamReader } from './sse-reader.ts';
import { dataOf } from './sse.ts';
import { requestText, textsIn } from './text.ts';
import type { ParsedResponse, ParsedRequest, MeteredWire, StreamReader, Usage } from './wire.ts';

function readUsage(response: Json | null): Usage | null {
  const raw = objectOf(response?.['usage']);
  if (raw === null) return null;
  const tier = nameOf(response?.['service_tier']);
  const input = objectOf(raw['input_tokens_details']);
  return {
    inputTokens: countOf(raw['input_tokens']),
    outputTokens: countOf(raw['output_tokens']),
    cacheReadTokens: countOf(input?.['cached_tokens']),
    cacheWriteTokens: countOf(input?.['cache_write_tokens']),
    reasoningTokens: countOf(objectOf(raw['output_tokens_details'])?.['reasoning_tokens']),
    ...(tier === null ? {} : { serviceTier: tier }),
    raw,
  };
}

function parseRequest(bytes: Buffer): ParsedRequest | null {
  const body = parseObject(bytes.toString('utf8'));
  if (body === null) return null;
  return { model: nameOf(body['model']), stream: body['stream'] === true, body: null, hideUsage: false };
}

function readResponse(response: Json | null): ParsedResponse {
  return {
    model: nameOf(response?.['model']),
    usage: readUsage(response),
    finished: true,
    closed: true,
    error: errorOf(response?.['error']),
  };
}

/** Most events carry a few characters of text; those with a response object have a `usage` field, even if it is null. */
const RELEVANT_EVENT = /"usage"|"error"/;

const FINAL_EVENTS = new Set(['response.completed', 'response.incomplete', 'response.failed']);

function readStream(): StreamReader {
  let parsed: ParsedResponse = { model: null, usage: null, finished: false, closed: false, error: null };

  function look(event: Json): void {
    const type = textOf(event['type']);
    const error = type.endsWith('error') ? (errorOf(event['error']) ?? errorOf(event)) : null;
    const stated = readResponse(objectOf(event['response']));
    const closed = parsed.closed || FINAL_EVENTS.has(type);
    parsed = {
      model: stated.model ?? parsed.model,
      usage: stated.usage ?? parsed.usage,
      finished: closed,
      closed,
      error: error ?? stated.error ?? parsed.error,
    };
  }

  return eventStreamReader({
    read(event) {
      if (parsed.model === null || RELEVANT_EVENT.test(event.toString('latin1'))) {
        const data = parseObject(dataOf(event) ?? '');
        if (data !== null) look(data);
      }
      return event;
    },
    parsed: () => parsed,
    outputText: deltaText,
  });
}

/** Text, reasoning, code and arguments all arrive as `….delta` events, and so does audio. */
function deltaText(data: string): string {
  const event = parseObject(data);
  const type = textOf(event?.['type']);
  if (type === 'response.output_item.added') return textOf(objectOf(event?.['item'])?.['name']);
  return type.endsWith('.delta') && !type.endsWith('audio.delta') ? textOf(event?.['delta']) : '';
}

export const openaiResponses: MeteredWire = {
  name: 'openai.responses',
  provider: 'openai',
  lookup: false,
  matches: (method, path) => method === 'POST' && (path === '/v1/responses' || path === '/v1/responses/compact'),
  parseRequest,
  parseResponse: (bytes) => readResponse(parseObject(bytes.toString('utf8'))),
  openEventReader: readStream,
  inputText: (body) => requestText(body, ['instructions', 'input'], ['tools', 'text']),
  outputText: (body) => textsIn(parseObject(body.toString('utf8'))?.['output']).join('\n'),
};
