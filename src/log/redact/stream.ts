/** Redacts text that arrives in chunks, whatever way it is cut. */
import type { SecretMatcher } from './matcher.ts';
import { KEY_BEGIN, KEY_END } from './shapes.ts';

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
  function redacted(text: string, last: boolean): string {
    let out = '';
    let from = 0;
    const pieces = matcher.find(context + text, context.length);
    for (const { start, end, shape } of pieces) {
      const at = start - context.length;
      const to = end - context.length;
      if (!last && to === text.length && shape === null && matcher.mayGrow(text.slice(at))) {
        held = text.slice(at);
        return remember(out + text.slice(from, at), text.slice(0, at));
      }
      out += `${text.slice(from, at)}${matcher.replace()}`;
      from = to;
      if (!last && to === text.length && shape !== null) {
        const secret = text.slice(at);
        if (!KEY_BEGIN.test(secret)) inside = { what: 'run', more: shape.more };
        else if (!KEY_END.test(secret)) inside = { what: 'key', tail: secret.slice(-KEY_END_LENGTH), length: secret.length };
      }
    }
    const cut = last ? text.length : Math.max(from, matcher.beginning(context + text) - context.length);
    held = text.slice(cut);
    return remember(out + text.slice(from, cut), text.slice(0, cut));
  }

  function remember(out: string, passed: string): string {
    context = (context + passed).slice(-CONTEXT);
    return out;
  }

  return {
    push(chunk) {
      const text = held + leave(chunk);
      held = '';
      return text === '' ? '' : redacted(text, false);
    },
    end() {
      const text = held;
      held = '';
      inside = null;
      const out = text === '' ? '' : redacted(text, true);
      context = '';
      return out;
    },
  };
}
