/** The text within requests and answers of any shape, for estimates where a provider states no usage. */
import { parseObject, type Json } from './json.ts';

/** Above what any model reads at once. */
const MOST_READ = 8 * 1024 * 1024;

/** Names, marks and bytes: not what a model reads or writes as text. `reasoning_details` repeats `reasoning`. */
const NO_TEXT = new Set([
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
 * The texts in a value, in their order. `keys`: names of members count as text too, as they do in the schema of a tool. Images,
 * sound and other files are left out.
 */
export function textsIn(value: unknown, keys = false): string[] {
  const texts: string[] = [];
  let left = MOST_READ;
  // No recursion: a body may be nested deeper than the stack is.
  const stack: unknown[] = [value];
  while (stack.length > 0 && left > 0) {
    const next = stack.pop();
    if (typeof next === 'string') {
      texts.push(next.length > left ? next.slice(0, left) : next);
      left -= next.length;
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
  return !NO_TEXT.has(key) && !(typeof member === 'string' && member.startsWith('data:'));
}

/** The texts in some members of a body, and names too in those that define tools or the form of an answer. */
export function requestText(body: Buffer, texts: readonly string[], schemas: readonly string[]): string {
  const request = parseObject(body.toString('utf8'));
  if (request === null) return '';
  const read = texts.flatMap((name) => textsIn(request[name]));
  return [...read, ...schemas.flatMap((name) => textsIn(request[name], true))].join('\n');
}

/** Events are held up to this size and then reduced to their text. */
const MOST_HELD = 512 * 1024;
/** More than any model writes in one answer. */
const MOST_WRITTEN = 4 * 1024 * 1024;

/** What a model has written so far, at the price of holding bytes: most streams end with their usage, and nobody asks. */
export interface WrittenText {
  hold(event: Buffer): void;
  text(): string;
}

/** `written` finds the text that one event carries. */
export function writtenText(written: (event: Buffer) => string): WrittenText {
  let events: Buffer[] = [];
  let bytes = 0;
  const texts: string[] = [];
  let characters = 0;

  function reduce(): void {
    for (const event of events) {
      const text = characters < MOST_WRITTEN ? written(event) : '';
      if (text !== '') texts.push(text);
      characters += text.length;
    }
    events = [];
    bytes = 0;
  }

  return {
    hold(event) {
      events.push(event);
      bytes += event.length;
      if (bytes > MOST_HELD) reduce();
    },
    text() {
      reduce();
      return texts.join('');
    },
  };
}
