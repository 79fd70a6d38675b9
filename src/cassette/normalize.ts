/** A body as it stands on a cassette: without secrets, without what is this run's own. */
import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { completeEvents } from '../meter/index.ts';
import type { ExchangeContent } from '../schema/index.ts';
import type { Redactor } from '../secrets/index.ts';
import { canonicalText } from './exact-json.ts';
import { withoutForms, type Edit, type Substitutions } from './substitutions.ts';
import { rewriteTexts, type Rewrite } from './text-forms.ts';

export interface Normalizer {
  readonly text: (text: string) => string;
  readonly request: (body: Buffer) => NormalizedRequest;
  /** Null when it must not be kept: bytes that are no text, with a secret in them. */
  readonly answer: (body: Buffer, facts: { readonly streamed: boolean; readonly complete: boolean }) => ExchangeContent | null;
}

export interface NormalizedRequest {
  /** Null as for an answer. */
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
  const normalize: Rewrite = {
    concerns: (text) => substitutions.find(text).length > 0 || redactor.containsSecret(text),
    apply(pieces) {
      // In this order a placeholder stays whole in its piece.
      const redacted = redact(pieces);
      return editPieces(redacted, substitutions.find(redacted.join('')));
    },
  };
  const rewritten = (text: string, streamed: boolean): string => {
    const said = rewriteTexts(text, streamed, normalize);
    // What is left is a number, or looks like a key only where its piece of a stream begins.
    return redactor.containsSecret(said) ? redactor.redact(said) : said;
  };
  const ofBytes = (body: Buffer): ExchangeContent | null =>
    redactor.containsSecret(body) ? null : { base64: body.toString('base64') };

  return {
    text: (text) => rewritten(text, false),
    request(body) {
      if (!isUtf8(body)) return { content: ofBytes(body), sha256: hash('sha256', body) };
      const content = rewritten(body.toString('utf8'), false);
      return { content, sha256: hash('sha256', canonicalText(withoutForms(content))) };
    },
    answer(body, { streamed, complete }) {
      const whole = complete ? body : withoutBrokenEnd(body, streamed);
      if (!isUtf8(whole)) return ofBytes(whole);
      return rewritten(whole.toString('utf8'), streamed);
    },
  };
}

/** The text of each edit goes where its place begins. */
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

/** Of an answer that was cut: a part of an event, which reaches no client, or of a character. */
function withoutBrokenEnd(body: Buffer, streamed: boolean): Buffer {
  if (streamed) return completeEvents(body);
  for (let cut = 0; cut < 4 && cut <= body.length; cut++) {
    const shorter = body.subarray(0, body.length - cut);
    if (isUtf8(shorter)) return shorter;
  }
  return body;
}
