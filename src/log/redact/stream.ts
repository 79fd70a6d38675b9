/** Redacts text that arrives in chunks, whatever way it is cut. */
import type { SecretMatcher } from './matcher.ts';
import { KEY_BEGIN, KEY_END, type Shape } from './shapes.ts';

export interface RedactorStream {
  /** Redacted text that no later chunk can change. A possible beginning of a secret is held back. */
  push(chunk: string): string;
  /** What was held back; the stream can be used again afterwards. */
  end(): string;
}

/** Characters of what came before, for the patterns that look behind. */
const CONTEXT = 24;
/** An end marker of a private key may be cut; no marker is longer. */
const KEY_END_LENGTH = 80;
/** No private key is longer; what follows a beginning that never ends is shown again. */
const MAX_KEY_LENGTH = 64 * 1024;

type Inside =
  | { readonly what: 'key'; tail: string; length: number }
  /** A secret without a fixed length that went on at the border. */
  | { readonly what: 'run'; readonly more: RegExp };

export function redactorStream(matcher: SecretMatcher): RedactorStream {
  let held = '';
  let context = '';
  let inside: Inside | null = null;

  /** Drops from the front of `text` what still belongs to the secret found before. */
  function leave(text: string): string {
    if (inside === null) return text;
    if (inside.what === 'run') {
      let at = 0;
      while (at < text.length && inside.more.test(text[at] as string)) at += 1;
      if (at < text.length) inside = null;
      return text.slice(at);
    }
    const all = inside.tail + text;
    const end = KEY_END.exec(all);
    if (end !== null) {
      inside = null;
      return all.slice(end.index + end[0].length);
    }
    inside.length += text.length;
    inside.tail = all.slice(-KEY_END_LENGTH);
    if (inside.length > MAX_KEY_LENGTH) inside = null;
    return '';
  }

  /** Redacts up to where the text could still become a secret; `last` when nothing follows. */
  function redacted(chunk: string, last: boolean): string {
    const text = context + chunk;
    let from = context.length;
    let out = '';
    let open = last ? text.length : matcher.valueBeginning(text, from);
    for (const { start, end, shape } of matcher.find(text, from)) {
      // A longer secret may have begun before this one, or with it.
      if (start >= open) break;
      out += `${text.slice(from, start)}${matcher.replace()}`;
      from = end;
      if (last) continue;
      if (open < end) open = matcher.valueBeginning(text, end);
      if (end === text.length && shape !== null) inside = insideOf(text.slice(start), shape);
    }
    const cut = last ? text.length : Math.max(from, Math.min(open, matcher.shapeBeginning(text, from)));
    held = text.slice(cut);
    context = text.slice(Math.max(0, cut - CONTEXT), cut);
    return out + text.slice(from, cut);
  }

  return {
    push(chunk) {
      const text = held + leave(chunk);
      return text === '' ? '' : redacted(text, false);
    },
    end() {
      const out = held === '' ? '' : redacted(held, true);
      inside = null;
      context = '';
      return out;
    },
  };
}

/** What a secret that touches the end of a chunk may go on with. */
function insideOf(secret: string, shape: Shape): Inside | null {
  if (!KEY_BEGIN.test(secret)) return { what: 'run', more: shape.more };
  return KEY_END.test(secret) ? null : { what: 'key', tail: secret.slice(-KEY_END_LENGTH), length: secret.length };
}
