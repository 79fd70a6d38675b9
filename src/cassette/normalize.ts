/** Normalizes a body for a cassette: removes secrets and text that is specific to this run. */
import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { completeEvents } from '../meter/index.ts';
import type { ExchangeContent } from '../schema/index.ts';
import type { Redactor } from '../secrets/index.ts';
import { canonicalText } from './lossless-json.ts';
import { withoutEncodings, type Edit, type Substitutions } from './substitutions.ts';
import { rewriteTexts, type TextRewrite } from './text-forms.ts';

export interface Normalizer {
  readonly text: (text: string) => string;
  readonly request: (body: Buffer) => NormalizedRequest;
  /** Null when it must not be stored: bytes that are not text and contain a secret. */
  readonly response: (body: Buffer, facts: { readonly streamed: boolean; readonly complete: boolean }) => ExchangeContent | null;
}

export interface NormalizedRequest {
  /** Null as for a response. */
  readonly content: ExchangeContent | null;
  readonly sha256: string;
}

export function createNormalizer(redactor: Redactor, substitutions: Substitutions): Normalizer {
  const redact = (pieces: readonly string[]): readonly string[] => {
    if (!redactor.containsSecret(pieces.join(''))) return pieces;
    const stream = redactor.stream();
    const redacted = pieces.map((piece) => stream.push(piece));
    redacted.push((redacted.pop() ?? '') + stream.end());
    return redacted;
  };
  const rewrite: TextRewrite = {
    matches: (text) => substitutions.find(text).length > 0 || redactor.containsSecret(text),
    apply(pieces) {
      // In this order, a placeholder always stays within one piece.
      const redacted = redact(pieces);
      return editPieces(redacted, substitutions.find(redacted.join('')));
    },
  };
  const normalizeText = (text: string, streamed: boolean): string => {
    const normalized = rewriteTexts(text, streamed, rewrite);
    // Secrets that remain are numbers, or look like a key only at the beginning of a streamed piece.
    return redactor.containsSecret(normalized) ? redactor.redact(normalized) : normalized;
  };
  const ofBytes = (body: Buffer): ExchangeContent | null =>
    redactor.containsSecret(body) ? null : { base64: body.toString('base64') };

  return {
    text: (text) => normalizeText(text, false),
    request(body) {
      if (!isUtf8(body)) return { content: ofBytes(body), sha256: hash('sha256', body) };
      const content = normalizeText(body.toString('utf8'), false);
      return { content, sha256: hash('sha256', canonicalText(withoutEncodings(content))) };
    },
    response(body, { streamed, complete }) {
      const whole = complete ? body : withoutBrokenEnd(body, streamed);
      if (!isUtf8(whole)) return ofBytes(whole);
      return normalizeText(whole.toString('utf8'), streamed);
    },
  };
}

/** Inserts the text of each edit into the piece in which its range starts. */
function editPieces(pieces: readonly string[], edits: readonly Edit[]): string[] {
  let offset = 0;
  return pieces.map((piece) => {
    const [from, to] = [offset, offset + piece.length];
    offset = to;
    let out = '';
    let at = from;
    for (const { start, end, text } of edits) {
      if (end <= from || start >= to) continue;
      if (start >= from) out += piece.slice(at - from, start - from) + text;
      at = Math.min(end, to);
    }
    return out + piece.slice(at - from);
  });
}

/** Removes from a truncated response the incomplete event or character at its end, which no client can use. */
function withoutBrokenEnd(body: Buffer, streamed: boolean): Buffer {
  if (streamed) return completeEvents(body);
  for (let cut = 0; cut < 4 && cut <= body.length; cut++) {
    const shorter = body.subarray(0, body.length - cut);
    if (isUtf8(shorter)) return shorter;
  }
  return body;
}
