/**
 * Gemini: `POST /v1beta/models/{model}:generateContent` and `…:streamGenerateContent`, whose answer is a stream of events
 * (`alt=sse`) or one JSON list that comes piece by piece.
 */
import { ElementSplitter } from './json-scan.ts';
import { countOf, errorOf, nameOf, objectOf, objectsOf, parseObject, type Json } from './json.ts';
import { readEvents } from './sse-reader.ts';
import { dataOf } from './sse.ts';
import { requestText, textsIn, writtenText } from './text.ts';
import type { ParsedResponse, ParsedRequest, MeteredWire, StreamReader, Usage } from './wire.ts';

/** Counts that are 0 are left out of the provider's object. */
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

function readRequest(bytes: Buffer, path: string): ParsedRequest | null {
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

interface Follower {
  readonly look: (part: Json | null) => void;
  readonly parsed: () => ParsedResponse;
}

function follow(): Follower {
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
      // Each part states the counts so far. There is no closing mark: the last part says why the model ended.
      const stated = finished || usage === null ? usage : { ...usage, outputTokens: null, reasoningTokens: null };
      return { model, usage: stated, finished, closed: finished, error };
    },
  };
}

function readAnswer(bytes: Buffer): ParsedResponse {
  const body = parseObject(bytes.toString('utf8'));
  const usage = readUsage(body?.['usageMetadata']);
  return { model: nameOf(body?.['modelVersion']), usage, finished: true, closed: true, error: errorOf(body?.['error']) };
}

function readEventStream(): StreamReader {
  const { look, parsed } = follow();
  return readEvents({
    read(event) {
      look(parseObject(dataOf(event) ?? ''));
      return event;
    },
    parsed,
    written: (data) => written(data),
  });
}

/** The bytes go on as they come; the parts of the list are read beside. */
function readList(): StreamReader {
  const { look, parsed } = follow();
  const splitter = new ElementSplitter();
  const held = writtenText((element) => written(element.toString('utf8')));
  return {
    push(chunk) {
      for (const element of splitter.push(chunk)) {
        held.hold(element);
        look(parseObject(element.toString('utf8')));
      }
      return [chunk];
    },
    end: () => [],
    parsed,
    text: () => held.text(),
  };
}

function written(part: string): string {
  return objectsOf(parseObject(part)?.['candidates'])
    .flatMap((candidate) => textsIn(candidate['content']))
    .join('');
}

const common = {
  provider: 'gemini',
  lookup: false,
  readRequest,
  readAnswer,
  inputText: (body: Buffer) =>
    requestText(body, ['systemInstruction', 'system_instruction', 'contents'], ['tools', 'generationConfig']),
  outputText: (body: Buffer) => written(body.toString('utf8')),
} as const;

function matches(ofMethod: string): MeteredWire['matches'] {
  return (method, path) => method === 'POST' && PATH.exec(path)?.[2] === ofMethod;
}

export const geminiGenerateContent: MeteredWire = {
  ...common,
  name: 'gemini.generateContent',
  matches: matches('generateContent'),
  readEvents: readEventStream,
};

export const geminiStreamGenerateContent: MeteredWire = {
  ...common,
  name: 'gemini.streamGenerateContent',
  matches: matches('streamGenerateContent'),
  readEvents: readEventStream,
  readPieces: readList,
};
