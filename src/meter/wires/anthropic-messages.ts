/** Anthropic messages: `POST /v1/messages`, streamed and not. */
import { sumComplete, sumKnown } from '../../format/index.ts';
import { countOf, errorOf, nameOf, objectOf, objectsOf, parseObject, textOf, type Json } from './json.ts';
import { readEvents } from './sse-reader.ts';
import { dataOf } from './sse.ts';
import { requestText, textsIn } from './text.ts';
import type { ParsedResponse, ParsedRequest, MeteredWire, StreamReader, Usage } from './wire.ts';

/** Input is stated without what a cache held or took; the three together are what the model read. */
function readUsage(raw: Json): Usage {
  const cacheReadTokens = countOf(raw['cache_read_input_tokens']);
  // Where only the parts by retention are stated, they are all that was written to the cache.
  const parts = Object.values(objectOf(raw['cache_creation']) ?? {}).map(countOf);
  const cacheWriteTokens = countOf(raw['cache_creation_input_tokens']) ?? sumKnown(parts);
  const uncached = countOf(raw['input_tokens']);
  const usage: Usage = {
    inputTokens: uncached === null ? null : uncached + (cacheReadTokens ?? 0) + (cacheWriteTokens ?? 0),
    outputTokens: countOf(raw['output_tokens']),
    cacheReadTokens,
    cacheWriteTokens,
    reasoningTokens: countOf(objectOf(raw['output_tokens_details'])?.['thinking_tokens']),
    raw,
  };
  // Compacting the conversation is a request of its own within this one, billed, and not part of the other fields.
  const compactions = objectsOf(raw['iterations']).filter((iteration) => iteration['type'] === 'compaction');
  return compactions.map((iteration) => readUsage({ ...iteration, iterations: null })).reduce(added, usage);
}

function added(sum: Usage, more: Usage): Usage {
  return {
    inputTokens: sumComplete([sum.inputTokens, more.inputTokens]),
    outputTokens: sumComplete([sum.outputTokens, more.outputTokens]),
    cacheReadTokens: sumKnown([sum.cacheReadTokens, more.cacheReadTokens]),
    cacheWriteTokens: sumKnown([sum.cacheWriteTokens, more.cacheWriteTokens]),
    reasoningTokens: sumKnown([sum.reasoningTokens, more.reasoningTokens]),
    raw: sum.raw,
  };
}

function readRequest(bytes: Buffer): ParsedRequest | null {
  const body = parseObject(bytes.toString('utf8'));
  if (body === null) return null;
  return { model: nameOf(body['model']), stream: body['stream'] === true, body: null, hideUsage: false };
}

function readAnswer(bytes: Buffer): ParsedResponse {
  const body = parseObject(bytes.toString('utf8'));
  const raw = objectOf(body?.['usage']);
  return {
    model: nameOf(body?.['model']),
    usage: raw === null ? null : readUsage(raw),
    finished: true,
    closed: true,
    error: errorOf(body?.['error']),
  };
}

/** Text comes in `content_block_…` events. */
const SPEAKING = /message_|"error"/;

function readStream(): StreamReader {
  let model: string | null = null;
  let raw: Json | null = null;
  let finished = false;
  let closed = false;
  let error: string | null = null;

  function look(event: Json): void {
    const message = objectOf(event['message']);
    model = nameOf(message?.['model']) ?? model;
    // Counts are of the answer so far: a later one replaces an earlier one, and those that it leaves out still hold.
    const stated = objectOf(message?.['usage']) ?? objectOf(event['usage']);
    if (stated !== null) raw = { ...raw, ...Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== null)) };
    error = errorOf(event['error']) ?? error;
    finished ||= nameOf(objectOf(event['delta'])?.['stop_reason']) !== null;
    closed ||= event['type'] === 'message_stop';
  }

  return readEvents({
    read(event) {
      if (model === null || SPEAKING.test(event.toString('latin1'))) {
        const data = parseObject(dataOf(event) ?? '');
        if (data !== null) look(data);
      }
      return event;
    },
    parsed() {
      const usage = raw === null ? null : readUsage(raw);
      const done = finished || closed;
      // The first event already has an output count, of one token or so.
      const stated = done || usage === null ? usage : { ...usage, outputTokens: null, reasoningTokens: null };
      return { model, usage: stated, finished: done, closed, error };
    },
    written,
  });
}

function written(data: string): string {
  const event = parseObject(data);
  const block = objectOf(event?.['content_block']);
  // Results of tools that run at the provider are what the model reads.
  if (textOf(block?.['type']).endsWith('_tool_result')) return '';
  return textsIn(block ?? (event?.['type'] === 'content_block_delta' ? event['delta'] : null)).join('');
}

export const anthropicMessages: MeteredWire = {
  name: 'anthropic.messages',
  provider: 'anthropic',
  lookup: false,
  matches: (method, path) => method === 'POST' && path === '/v1/messages',
  readRequest,
  readAnswer,
  readEvents: readStream,
  inputText: (body) => requestText(body, ['system', 'messages'], ['tools', 'output_config']),
  outputText: (body) => textsIn(parseObject(body.toString('utf8'))?.['content']).join('\n'),
};
