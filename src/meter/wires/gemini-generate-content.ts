/**
 * Gemini: `POST /v1beta/models/{model}:generateContent` and `…:streamGenerateContent`. The latter responds with
 * server-sent events (`alt=sse`) or with one JSON array, element by element.
 */
import { ElementSplitter } from './json-scan.ts';
import { countOf, errorOf, nameOf, objectOf, objectsOf, parseObject, type Json } from './json.ts';
import { eventStreamReader } from './sse-reader.ts';
import { dataOf } from './sse.ts';
import { requestText, textsIn, outputTextCollector } from './text.ts';
import type { ParsedResponse, ParsedRequest, MeteredWire, StreamReader, Usage } from './wire.ts';

/** The provider omits counts that are 0. */
function readUsage(value: unknown): Usage | null {
  const raw = objectOf(value);
  if (raw === null) return null;
  const prompt = countOf(raw['promptTokenCount']);
  const inputTokens = prompt === null ? null : prompt + (countOf(raw['toolUsePromptTokenCount']) ?? 0);
  const candidates = countOf(raw['candidatesTokenCount']);
  const reasoningTokens = countOf(raw['thoughtsTokenCount']);
  const total = countOf(raw['totalTokenCount']);
  const rest = total === null || inputTokens === null || total < inputTokens ? null : total - inputTokens;
  return {
    inputTokens,
    outputTokens: candidates === null && reasoningTokens === null ? rest : (candidates ?? 0) + (reasoningTokens ?? 0),
    cacheReadTokens: countOf(raw['cachedContentTokenCount']),
    cacheWriteTokens: null,
    reasoningTokens,
    raw,
  };
}

const PATH = /^\/v1(?:alpha|beta)?\/(?:models\/|(?=tunedModels\/))(.+):(generateContent|streamGenerateContent)$/;

function parseRequest(bytes: Buffer, path: string): ParsedRequest | null {
  if (parseObject(bytes.toString('utf8')) === null) return null;
  const [, model, method] = PATH.exec(path) ?? [];
  return { model: decoded(model), stream: method === 'streamGenerateContent', body: null, hideUsage: false };
}

function decoded(segment: string | undefined): string | null {
  if (segment === undefined) return null;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

interface StreamState {
  readonly look: (part: Json | null) => void;
  readonly parsed: () => ParsedResponse;
}

function createStreamState(): StreamState {
  let model: string | null = null;
  let usage: Usage | null = null;
  let finished = false;
  let error: string | null = null;
  return {
    look(part) {
      if (part === null) return;
      model = nameOf(part['modelVersion']) ?? model;
      usage = readUsage(part['usageMetadata']) ?? usage;
      error = errorOf(part['error']) ?? error;
      finished ||=
        objectsOf(part['candidates']).some((candidate) => nameOf(candidate['finishReason']) !== null) ||
        nameOf(objectOf(part['promptFeedback'])?.['blockReason']) !== null;
    },
    parsed() {
      // Each part has cumulative counts. There is no end marker: the last part has the finish reason.
      const stated = finished || usage === null ? usage : { ...usage, outputTokens: null, reasoningTokens: null };
      return { model, usage: stated, finished, closed: finished, error };
    },
  };
}

function parseResponse(bytes: Buffer): ParsedResponse {
  const body = parseObject(bytes.toString('utf8'));
  const usage = readUsage(body?.['usageMetadata']);
  return { model: nameOf(body?.['modelVersion']), usage, finished: true, closed: true, error: errorOf(body?.['error']) };
}

function readEventStream(): StreamReader {
  const { look, parsed } = createStreamState();
  return eventStreamReader({
    read(event) {
      look(parseObject(dataOf(event) ?? ''));
      return event;
    },
    parsed,
    outputText: (data) => candidateText(data),
  });
}

/** Forwards the bytes as they arrive, and parses the array's elements on the side. */
function readJsonList(): StreamReader {
  const { look, parsed } = createStreamState();
  const splitter = new ElementSplitter();
  const collected = outputTextCollector((element) => candidateText(element.toString('utf8')));
  return {
    push(chunk) {
      for (const element of splitter.push(chunk)) {
        collected.add(element);
        look(parseObject(element.toString('utf8')));
      }
      return [chunk];
    },
    end: () => [],
    parsed,
    text: () => collected.text(),
  };
}

function candidateText(part: string): string {
  return objectsOf(parseObject(part)?.['candidates'])
    .flatMap((candidate) => textsIn(candidate['content']))
    .join('');
}

const common = {
  provider: 'gemini',
  lookup: false,
  parseRequest,
  parseResponse,
  inputText: (body: Buffer) =>
    requestText(body, ['systemInstruction', 'system_instruction', 'contents'], ['tools', 'generationConfig']),
  outputText: (body: Buffer) => candidateText(body.toString('utf8')),
} as const;

function matches(ofMethod: string): MeteredWire['matches'] {
  return (method, path) => method === 'POST' && PATH.exec(path)?.[2] === ofMethod;
}

export const geminiGenerateContent: MeteredWire = {
  ...common,
  name: 'gemini.generateContent',
  matches: matches('generateContent'),
  openEventReader: readEventStream,
};

export const geminiStreamGenerateContent: MeteredWire = {
  ...common,
  name: 'gemini.streamGenerateContent',
  matches: matches('streamGenerateContent'),
  openEventReader: readEventStream,
  openChunkReader: readJsonList,
};
