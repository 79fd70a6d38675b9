/** Anthropic messages: `POST /v1/messages`, streamed and not. */
import { sumComplete, sumKnown } from '../../format/index.ts';
import { countOf, errorOf, nameOf, objectOf, objectsOf, parseObject, textOf, type Json } from './json.ts';
import { eventStreamReader } from './sse-reader.ts';
import { dataOf } from './sse.ts';
import { requestText, textsIn } from './text.ts';
import type { ParsedResponse, ParsedRequest, MeteredWire, StreamReader, Usage } from './wire.ts';

/** The provider reports input without cache reads and writes; the three together are what the model read. */
function readUsage(raw: Json): Usage {
  const cacheReadTokens = countOf(raw['cache_read_input_tokens']);
  // If only the parts by retention time are reported, their sum is what was written to the cache.
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
  // Compacting the conversation is a separate, billed request within this one; the other fields do not include it.
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

function parseRequest(bytes: Buffer): ParsedRequest | null {
  const body = parseObject(bytes.toString('utf8'));
  if (body === null) return null;
  return { model: nameOf(body['model']), stream: body['stream'] === true, body: null, hideUsage: false };
}

function parseResponse(bytes: Buffer): ParsedResponse {
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

/** The other events, `content_block_…`, carry text only. */
const RELEVANT_EVENT = /message_|"error"/;

function readStream(): StreamReader {
  let model: string | null = null;
  let raw: Json | null = null;
  let finished = false;
  let closed = false;
  let error: string | null = null;

  function look(event: Json): void {
    const message = objectOf(event['message']);
    model = nameOf(message?.['model']) ?? model;
    // Counts are cumulative: a later one replaces an earlier one, and fields that it omits remain valid.
    const stated = objectOf(message?.['usage']) ?? objectOf(event['usage']);
    if (stated !== null) raw = { ...raw, ...Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== null)) };
    error = errorOf(event['error']) ?? error;
    finished ||= nameOf(objectOf(event['delta'])?.['stop_reason']) !== null;
    closed ||= event['type'] === 'message_stop';
  }

  return eventStreamReader({
    read(event) {
      if (model === null || RELEVANT_EVENT.test(event.toString('latin1'))) {
        const data = parseObject(dataOf(event) ?? '');
        if (data !== null) look(data);
      }
      return event;
    },
    parsed() {
      const usage = raw === null ? null : readUsage(raw);
      const done = finished || closed;
      // The first event already has an output count, of about one token.
      const stated = done || usage === null ? usage : { ...usage, outputTokens: null, reasoningTokens: null };
      return { model, usage: stated, finished: done, closed, error };
    },
    outputText: deltaText,
  });
}

function deltaText(data: string): string {
  const event = parseObject(data);
  const block = objectOf(event?.['content_block']);
  // Results of tools that run at the provider are input of the model, not output.
  if (textOf(block?.['type']).endsWith('_tool_result')) return '';
  return textsIn(block ?? (event?.['type'] === 'content_block_delta' ? event['delta'] : null)).join('');
}

export const anthropicMessages: MeteredWire = {
  name: 'anthropic.messages',
  provider: 'anthropic',
  lookup: false,
  matches: (method, path) => method === 'POST' && path === '/v1/messages',
  parseRequest,
  parseResponse,
  openEventReader: readStream,
  inputText: (body) => requestText(body, ['system', 'messages'], ['tools', 'output_config']),
  outputText: (body) => textsIn(parseObject(body.toString('utf8'))?.['content']).join('\n'),
};
