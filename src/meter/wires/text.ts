/** Extracts the text of requests and responses of any shape, for estimates where a provider reports no usage. */
import { parseObject, type Json } from './json.ts';

/** More than any model reads at once. */
const MAX_INPUT_CHARS = 8 * 1024 * 1024;

/** Keys whose values are ids, enums or binary data, not text of the model. `reasoning_details` repeats `reasoning`. */
const NON_TEXT_KEYS = new Set([
  'annotations',
  'cache_control',
  'call_id',
  'citations',
  'detail',
  'encrypted_content',
  'file_data',
  'file_id',
  'fileUri',
  'id',
  'logprobs',
  'media_type',
  'mimeType',
  'reasoning_details',
  'role',
  'signature',
  'status',
  'strict',
  'thoughtSignature',
  'tool_call_id',
  'tool_use_id',
  'type',
]);

/**
 * All texts in a value, in order. `keys`: property names count as text too, as in the schema of a tool. Images, audio and other
 * files are excluded.
 */
export function textsIn(value: unknown, keys = false): string[] {
  const texts: string[] = [];
  let remaining = MAX_INPUT_CHARS;
  // No recursion: a body may be nested deeper than the call stack allows.
  const stack: unknown[] = [value];
  while (stack.length > 0 && remaining > 0) {
    const next = stack.pop();
    if (typeof next === 'string') {
      texts.push(next.length > remaining ? next.slice(0, remaining) : next);
      remaining -= next.length;
    } else if (Array.isArray(next)) {
      for (let at = next.length - 1; at >= 0; at -= 1) stack.push(next[at]);
    } else if (typeof next === 'object' && next !== null) {
      const members = Object.entries(next).filter(([key, member]) => keys || isText(key, member, next as Json));
      for (const [key, member] of members.reverse()) {
        stack.push(member);
        if (keys) stack.push(key);
      }
    }
  }
  return texts;
}

function isText(key: string, member: unknown, within: Json): boolean {
  if (key === 'data') return within['media_type'] === 'text/plain';
  return !NON_TEXT_KEYS.has(key) && !(typeof member === 'string' && member.startsWith('data:'));
}

/** Texts in the fields `texts` of a body; texts and property names in `schemas`, which define tools or the response format. */
export function requestText(body: Buffer, texts: readonly string[], schemas: readonly string[]): string {
  const request = parseObject(body.toString('utf8'));
  if (request === null) return '';
  const read = texts.flatMap((name) => textsIn(request[name]));
  return [...read, ...schemas.flatMap((name) => textsIn(request[name], true))].join('\n');
}

/** Events are buffered up to this size and then reduced to their text. */
const MAX_BUFFERED_BYTES = 512 * 1024;
/** More than any model writes in one response. */
const MAX_OUTPUT_CHARS = 4 * 1024 * 1024;

/** Collects a model's output. It buffers bytes until asked: most streams end with their usage, and the text is not needed. */
export interface OutputTextCollector {
  add(event: Buffer): void;
  text(): string;
}

/** @param textOfEvent extracts the text of one event */
export function outputTextCollector(textOfEvent: (event: Buffer) => string): OutputTextCollector {
  let events: Buffer[] = [];
  let bytes = 0;
  const texts: string[] = [];
  let characters = 0;

  function reduce(): void {
    for (const event of events) {
      const text = characters < MAX_OUTPUT_CHARS ? textOfEvent(event) : '';
      if (text !== '') texts.push(text);
      characters += text.length;
    }
    events = [];
    bytes = 0;
  }

  return {
    add(event) {
      events.push(event);
      bytes += event.length;
      if (bytes > MAX_BUFFERED_BYTES) reduce();
    },
    text() {
      reduce();
      return texts.join('');
    },
  };
}
