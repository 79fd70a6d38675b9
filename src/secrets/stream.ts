/** Redacts text that arrives in chunks, wherever the chunk borders are. */
import type { Match, SecretPatterns } from './patterns.ts';
import { KEY_BEGIN, KEY_END, type Shape } from './shapes.ts';

/** Redacts one text that comes in chunks. */
export interface RedactorStream {
  /** Redacted text that no later chunk can change. A possible beginning of a secret is held back. */
  push(chunk: string): string;
  /** What was held back; the stream can be used again afterwards. */
  end(): string;
}

/** Characters of what came before, for the patterns that look behind. */
const CONTEXT = 40;
/** An end marker of a private key may be cut; no marker is longer. */
const KEY_END_LENGTH = 80;
/** No private key is longer; what follows a beginning that never ends is shown again. */
const MAX_KEY_LENGTH = 64 * 1024;

/** @param replace counts one replacement and returns the text that replaces the secret */
export function redactorStream(patterns: SecretPatterns, replace: () => string): RedactorStream {
  let context = '';
  let held = '';
  /** So many of the held characters belong to a secret that has been replaced: they are there for another that may overlap it. */
  let covered = 0;
  /** Shapes of the secret that reached the end of the last chunk and may go on. */
  let growing: Shape[] = [];
  /** Inside a private key: the last of its text, and its length. */
  let key: { tail: string; length: number } | null = null;

  /** Drops from the front of `text` what still belongs to the private key. */
  function leaveKey(text: string): string {
    if (key === null) return text;
    const all = key.tail + text;
    const end = KEY_END.exec(all);
    if (end !== null) {
      key = null;
      return all.slice(end.index + end[0].length);
    }
    key = { tail: all.slice(-KEY_END_LENGTH), length: key.length + text.length };
    if (key.length > MAX_KEY_LENGTH) key = null;
    return '';
  }

  /** Where the secret that was replaced already ends in `text`. */
  function coveredEnd(text: string): number {
    let at = context.length + covered;
    while (growing.length !== 0 && at < text.length) {
      growing = growing.filter(({ continuation }) => continuation.test(text[at] as string));
      if (growing.length !== 0) at += 1;
    }
    return at;
  }

  /** Redacts up to where the text could still become a secret; `last` when nothing follows. */
  function redacted(chunk: string, last: boolean): string {
    const text = context + held + chunk;
    const from = context.length;
    const { length } = text;
    const cut = last ? length : Math.min(patterns.valueBeginning(text, from), patterns.shapeBeginning(text, from));
    let out = '';
    let at = coveredEnd(text);
    for (const { start, end, matches } of patterns.find(text, from)) {
      if (start >= at) {
        if (start >= cut) break;
        out += `${text.slice(at, start)}${replace()}`;
      }
      at = Math.max(at, end);
      if (end === length) grow(text, matches);
    }
    if (at < cut) out += text.slice(at, cut);
    covered = Math.max(0, at - cut);
    held = text.slice(cut);
    context = text.slice(Math.max(0, cut - CONTEXT), cut);
    if (key !== null) forget();
    return out;
  }

  /** Remembers what a secret that touches the end of the text may go on with. */
  function grow(text: string, matches: readonly Match[]): void {
    for (const { start, end, shape } of matches) {
      if (shape === null || end !== text.length) continue;
      const secret = text.slice(start);
      if (!KEY_BEGIN.test(secret)) growing = [...new Set([...growing, shape])];
      else if (!KEY_END.test(secret)) key = { tail: secret.slice(-KEY_END_LENGTH), length: secret.length };
    }
  }

  function forget(): void {
    context = '';
    held = '';
    covered = 0;
    growing = [];
  }

  return {
    push(chunk) {
      const text = leaveKey(chunk);
      return text === '' ? '' : redacted(text, false);
    },
    end() {
      const out = held === '' ? '' : redacted('', true);
      forget();
      key = null;
      return out;
    },
  };
}
