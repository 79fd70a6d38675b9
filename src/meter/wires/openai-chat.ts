/** OpenAI chat completions: `POST /v1/chat/completions`, streamed and not. */
import { withoutFields, type FieldPath } from './json-scan.ts';
import { countOf, errorOf, nameOf, objectOf, objectsOf, parseObject, type Json } from './json.ts';
import { eventStreamReader } from './sse-reader.ts';
import { dataOf } from './sse.ts';
import { requestText, textsIn } from './text.ts';
import type { ParsedResponse, ParsedRequest, MeteredWire, StreamReader, Usage } from './wire.ts';

/** Reads the usage of a complete response or of one chunk. */
function readUsage(answer: Json | null): Usage | null {
  const raw = objectOf(answer?.['usage']);
  if (raw === null) return null;
  const tier = nameOf(answer?.['service_tier']);
  const prompt = objectOf(raw['prompt_tokens_details']);
  const completion = objectOf(raw['completion_tokens_details']);
  return {
    inputTokens: countOf(raw['prompt_tokens']),
    outputTokens: readOutput(raw),
    cacheReadTokens: countOf(prompt?.['cached_tokens']),
    cacheWriteTokens: countOf(prompt?.['cache_write_tokens']),
    reasoningTokens: countOf(completion?.['reasoning_tokens']),
    ...(tier === null ? {} : { serviceTier: tier }),
    raw,
  };
}

/** Some providers of this format (xAI, Google) exclude reasoning from the completion count; the total always includes it. */
function readOutput(raw: Json): number | null {
  const completion = countOf(raw['completion_tokens']);
  const [prompt, total] = [countOf(raw['prompt_tokens']), countOf(raw['total_tokens'])];
  if (completion === null || prompt === null || total === null) return completion;
  return Math.max(completion, total - prompt);
}

const INCLUDE_USAGE = '"stream_options":{"include_usage":true},';

/** Adds the request for usage to a stream. All other bytes of the client stay unchanged where possible. */
function askForUsage(bytes: Buffer, body: Json): Buffer | null {
  if ('stream_options' in body) {
    const options = { ...objectOf(body['stream_options']), include_usage: true };
    try {
      return Buffer.from(JSON.stringify({ ...body, stream_options: options }));
    } catch {
      // Nested too deeply to serialize.
      return null;
    }
  }
  const brace = bytes.indexOf('{') + 1;
  return Buffer.concat([bytes.subarray(0, brace), Buffer.from(INCLUDE_USAGE), bytes.subarray(brace)]);
}

function parseRequest(bytes: Buffer, _path: string, askStreamUsage: boolean): ParsedRequest | null {
  const body = parseObject(bytes.toString('utf8'));
  if (body === null) return null;
  const stream = body['stream'] === true;
  const asks = objectOf(body['stream_options'])?.['include_usage'] === true;
  const asking = askStreamUsage && stream && !asks ? askForUsage(bytes, body) : null;
  return { model: nameOf(body['model']), stream, body: asking, hideUsage: asking !== null };
}

function parseResponse(bytes: Buffer): ParsedResponse {
  const body = parseObject(bytes.toString('utf8'));
  return {
    model: nameOf(body?.['model']),
    usage: readUsage(body),
    finished: true,
    closed: true,
    error: errorOf(body?.['error']),
  };
}

/** Most events carry a few characters of text: only those that may contain anything else are parsed. */
const RELEVANT_EVENT = /_tokens"|"error"|\[DONE\]|"finish_reason": ?"/;

/** When usage is requested, every event before the last has it as null. `text` is the event in Latin-1, one character per byte. */
function withoutNullUsage(event: Buffer, text: string): Buffer {
  for (const member of [',"usage":null', ', "usage": null']) {
    const at = text.indexOf(member);
    if (at >= 0) return Buffer.concat([event.subarray(0, at), event.subarray(at + member.length)]);
  }
  return event;
}

/** False for the empty choice, at most with a repeated role, that some servers send with the final usage. */
function hasContent(choice: Json, finished: boolean): boolean {
  if (nameOf(choice['finish_reason']) !== null) return true;
  const delta = Object.entries(objectOf(choice['delta']) ?? {});
  return delta.some(([name, value]) => value !== null && value !== '' && !(finished && name === 'role'));
}

function readStream(hideUsage: boolean): StreamReader {
  let model: string | null = null;
  let usage: Usage | null = null;
  let finished = false;
  let closed = false;
  let error: string | null = null;

  /** Returns whether the client is to get the event. */
  function look(data: string | null): boolean {
    if (data === null) return true;
    if (data === '[DONE]') {
      closed = true;
      return true;
    }
    const chunk = parseObject(data);
    if (chunk === null) return true;
    model ??= nameOf(chunk['model']);
    const failed = errorOf(chunk['error']);
    error = failed ?? error;
    const stated = readUsage(chunk);
    usage = stated ?? usage;
    const choices = objectsOf(chunk['choices']);
    const usageAlone = stated !== null && failed === null && !choices.some((choice) => hasContent(choice, finished));
    finished ||= (stated !== null && choices.length === 0) || choices.some((choice) => nameOf(choice['finish_reason']) !== null);
    return !(hideUsage && usageAlone);
  }

  return eventStreamReader({
    read(event) {
      const text = event.toString('latin1');
      if ((model === null || RELEVANT_EVENT.test(text)) && !look(dataOf(event))) return null;
      return hideUsage ? withoutNullUsage(event, text) : event;
    },
    parsed() {
      // Some providers report usage in every event: before the end it is partial.
      const whole = finished || closed || usage === null ? usage : { ...usage, outputTokens: null, reasoningTokens: null };
      return { model, usage: whole, finished: finished || closed, closed, error };
    },
    outputText: (data) =>
      objectsOf(parseObject(data)?.['choices'])
        .flatMap((choice) => textsIn(choice['delta']))
        .join(''),
  });
}

/** The model's messages in a complete response and in a chunk. */
const MESSAGES: FieldPath = [new Set(['choices']), null, new Set(['message', 'delta'])];

export const openaiChat: MeteredWire = {
  name: 'openai.chat',
  provider: 'openai',
  lookup: false,
  matches: (method, path) => method === 'POST' && path === '/v1/chat/completions',
  parseRequest,
  parseResponse,
  openEventReader: readStream,
  inputText: (body) => requestText(body, ['messages'], ['tools', 'functions', 'response_format']),
  outputText: (body) =>
    objectsOf(parseObject(body.toString('utf8'))?.['choices'])
      .flatMap((choice) => textsIn(choice['message']))
      .join('\n'),
  withoutFields: (json, names) => withoutFields(json, MESSAGES, names),
};
