/** OpenAI chat completions: `POST /chat/completions`, streamed and not. */
import { createParser } from 'eventsource-parser';
import type { Answered, Asked, StreamReader, Usage, Wire } from './wire.ts';

type Json = Record<string, unknown>;

function asObject(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

function parseObject(text: string): Json | null {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return null;
  }
}

function asCount(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function readUsage(value: unknown): Usage | null {
  const raw = asObject(value);
  if (raw === null) return null;
  const prompt = asObject(raw['prompt_tokens_details']);
  const completion = asObject(raw['completion_tokens_details']);
  return {
    input: asCount(raw['prompt_tokens']),
    output: asCount(raw['completion_tokens']),
    cacheRead: asCount(prompt?.['cached_tokens']),
    cacheWrite: asCount(prompt?.['cache_write_tokens']),
    reasoning: asCount(completion?.['reasoning_tokens']),
    raw,
  };
}

const LONGEST_ERROR = 1000;

function readError(value: unknown): string | null {
  const error = asObject(value);
  const message = error === null ? asText(value) : (asText(error['message']) ?? 'the answer carried an error without a message');
  return message?.slice(0, LONGEST_ERROR) ?? null;
}

const INCLUDE_USAGE = '"stream_options":{"include_usage":true},';

/** Asks for usage at the end of the stream. The client's other bytes stay as they are wherever that is possible. */
function askForUsage(body: Json, text: string): Buffer {
  if ('stream_options' in body) {
    const options = { ...asObject(body['stream_options']), include_usage: true };
    return Buffer.from(JSON.stringify({ ...body, stream_options: options }));
  }
  const brace = text.indexOf('{') + 1;
  return Buffer.from(text.slice(0, brace) + INCLUDE_USAGE + text.slice(brace));
}

function readRequest(bytes: Buffer): Asked | null {
  const text = bytes.toString('utf8');
  const body = parseObject(text);
  if (body === null) return null;
  const stream = body['stream'] === true;
  const hideUsage = stream && asObject(body['stream_options'])?.['include_usage'] !== true;
  return { model: asText(body['model']), stream, body: hideUsage ? askForUsage(body, text) : null, hideUsage };
}

function readAnswer(bytes: Buffer): Answered {
  const body = parseObject(bytes.toString('utf8'));
  return { model: asText(body?.['model']), usage: readUsage(body?.['usage']), closed: true, error: readError(body?.['error']) };
}

function readStream(hideUsage: boolean): StreamReader {
  let model: string | null = null;
  let usage: Usage | null = null;
  let done = false;
  let error: string | null = null;
  let pass = true;

  const parser = createParser({
    onEvent({ data }) {
      if (data === '[DONE]') {
        done = true;
        return;
      }
      const chunk = parseObject(data);
      if (chunk === null) return;
      model = asText(chunk['model']) ?? model;
      usage = readUsage(chunk['usage']) ?? usage;
      error = readError(chunk['error']) ?? error;
      const choices = chunk['choices'];
      if (hideUsage && Array.isArray(choices) && choices.length === 0 && asObject(chunk['usage']) !== null) pass = false;
    },
  });

  return {
    read(event) {
      // Most events carry a few letters of text: only those that can say something new are parsed.
      const speaks = model === null || event.includes('_tokens"') || event.includes('"error"') || event.includes('[DONE]');
      if (!speaks) return true;
      pass = true;
      parser.feed(event.toString('utf8'));
      return pass;
    },
    answered: () => ({ model, usage, closed: done, error }),
  };
}

export const chatCompletions: Wire = {
  name: 'openai.chat',
  matches: (method, path) => method === 'POST' && path === '/chat/completions',
  readRequest,
  readAnswer,
  readStream,
};
