/** OpenAI chat completions: `POST /v1/chat/completions`, streamed and not. */
import { withoutMembers, type MemberPath } from './json-scan.ts';
import { countOf, errorOf, nameOf, objectOf, objectsOf, parseObject, type Json } from './json.ts';
import { readEvents } from './sse-reader.ts';
import { dataOf } from './sse.ts';
import { requestText, textsIn } from './text.ts';
import type { ParsedResponse, ParsedRequest, MeteredWire, StreamReader, Usage } from './wire.ts';

/** Of a whole answer, or of a chunk of one. */
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

/** Some providers of this format leave reasoning out of the completion, and none out of the total: xAI, Google. */
function readOutput(raw: Json): number | null {
  const completion = countOf(raw['completion_tokens']);
  const [prompt, total] = [countOf(raw['prompt_tokens']), countOf(raw['total_tokens'])];
  if (completion === null || prompt === null || total === null) return completion;
  return Math.max(completion, total - prompt);
}

const INCLUDE_USAGE = '"stream_options":{"include_usage":true},';

/** Asks for usage at the end of the stream. The client's other bytes stay as they are wherever that is possible. */
function askForUsage(bytes: Buffer, body: Json): Buffer | null {
  if ('stream_options' in body) {
    const options = { ...objectOf(body['stream_options']), include_usage: true };
    try {
      return Buffer.from(JSON.stringify({ ...body, stream_options: options }));
    } catch {
      // Nested deeper than can be written again.
      return null;
    }
  }
  const brace = bytes.indexOf('{') + 1;
  return Buffer.concat([bytes.subarray(0, brace), Buffer.from(INCLUDE_USAGE), bytes.subarray(brace)]);
}

function readRequest(bytes: Buffer, _path: string, askStreamUsage: boolean): ParsedRequest | null {
  const body = parseObject(bytes.toString('utf8'));
  if (body === null) return null;
  const stream = body['stream'] === true;
  const asks = objectOf(body['stream_options'])?.['include_usage'] === true;
  const asking = askStreamUsage && stream && !asks ? askForUsage(bytes, body) : null;
  return { model: nameOf(body['model']), stream, body: asking, hideUsage: asking !== null };
}

function readAnswer(bytes: Buffer): ParsedResponse {
  const body = parseObject(bytes.toString('utf8'));
  return {
    model: nameOf(body?.['model']),
    usage: readUsage(body),
    finished: true,
    closed: true,
    error: errorOf(body?.['error']),
  };
}

/** Most events carry a few letters of text: only those that can say something new are parsed. */
const SPEAKING = /_tokens"|"error"|\[DONE\]|"finish_reason": ?"/;

/** Where usage is asked for, every event before the last one has it as null. `text` is the event, a character a byte. */
function withoutNullUsage(event: Buffer, text: string): Buffer {
  for (const member of [',"usage":null', ', "usage": null']) {
    const at = text.indexOf(member);
    if (at >= 0) return Buffer.concat([event.subarray(0, at), event.subarray(at + member.length)]);
  }
  return event;
}

/** False for a choice that some servers put beside the usage at the end: without a word, at most with its role once more. */
function says(choice: Json, finished: boolean): boolean {
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
    const usageAlone = stated !== null && failed === null && !choices.some((choice) => says(choice, finished));
    finished ||= (stated !== null && choices.length === 0) || choices.some((choice) => nameOf(choice['finish_reason']) !== null);
    return !(hideUsage && usageAlone);
  }

  return readEvents({
    read(event) {
      const text = event.toString('latin1');
      if ((model === null || SPEAKING.test(text)) && !look(dataOf(event))) return null;
      return hideUsage ? withoutNullUsage(event, text) : event;
    },
    parsed() {
      // Some providers state usage in every event: before the end it is a beginning.
      const whole = finished || closed || usage === null ? usage : { ...usage, outputTokens: null, reasoningTokens: null };
      return { model, usage: whole, finished: finished || closed, closed, error };
    },
    written: (data) =>
      objectsOf(parseObject(data)?.['choices'])
        .flatMap((choice) => textsIn(choice['delta']))
        .join(''),
  });
}

/** Of a whole answer and of a chunk of one. */
const MESSAGES: MemberPath = [new Set(['choices']), null, new Set(['message', 'delta'])];

export const openaiChat: MeteredWire = {
  name: 'openai.chat',
  provider: 'openai',
  lookup: false,
  matches: (method, path) => method === 'POST' && path === '/v1/chat/completions',
  readRequest,
  readAnswer,
  readEvents: readStream,
  inputText: (body) => requestText(body, ['messages'], ['tools', 'functions', 'response_format']),
  outputText: (body) =>
    objectsOf(parseObject(body.toString('utf8'))?.['choices'])
      .flatMap((choice) => textsIn(choice['message']))
      .join('\n'),
  withoutMembers: (json, names) => withoutMembers(json, MESSAGES, names),
};
