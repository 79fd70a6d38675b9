/**
 * OpenAI Responses: `POST /v1/responses`, streamed and not, and `POST /v1/responses/compact`. An answer in background mode
 * states no usage; it stands in a later answer that the meter does not read.
 */
import { countOf, errorOf, nameOf, objectOf, parseObject, textOf, type Json } from './json.ts';
import { readEvents } from './sse-reader.ts';
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

function readRequest(bytes: Buffer): ParsedRequest | null {
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

/** Most events carry a few letters of text; those that hold a response name its usage, be it as null. */
const SPEAKING = /"usage"|"error"/;

const LAST = new Set(['response.completed', 'response.incomplete', 'response.failed']);

function readStream(): StreamReader {
  let parsed: ParsedResponse = { model: null, usage: null, finished: false, closed: false, error: null };

  function look(event: Json): void {
    const type = textOf(event['type']);
    const error = type.endsWith('error') ? (errorOf(event['error']) ?? errorOf(event)) : null;
    const stated = readResponse(objectOf(event['response']));
    const closed = parsed.closed || LAST.has(type);
    parsed = {
      model: stated.model ?? parsed.model,
      usage: stated.usage ?? parsed.usage,
      finished: closed,
      closed,
      error: error ?? stated.error ?? parsed.error,
    };
  }

  return readEvents({
    read(event) {
      if (parsed.model === null || SPEAKING.test(event.toString('latin1'))) {
        const data = parseObject(dataOf(event) ?? '');
        if (data !== null) look(data);
      }
      return event;
    },
    parsed: () => parsed,
    written,
  });
}

/** The pieces of text, reasoning, code and arguments all come as `….delta`, and so does sound. */
function written(data: string): string {
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
  readRequest,
  readAnswer: (bytes) => readResponse(parseObject(bytes.toString('utf8'))),
  readEvents: readStream,
  inputText: (body) => requestText(body, ['instructions', 'input'], ['tools', 'text']),
  outputText: (body) => textsIn(parseObject(body.toString('utf8'))?.['output']).join('\n'),
};
