/** Gives a recorded answer again: the same status and body, broken off where the recorded one was. */
import type { ServerResponse } from 'node:http';
import type { CassetteExchange } from '../schema.ts';
import type { Substitutions } from './substitutions.ts';
import { rewriteTexts } from './texts.ts';

/** Placeholders become what they stand for in the replaying run. */
export function bodyOf({ body, streamed }: CassetteExchange, substitutions: Substitutions): Buffer {
  if (body === null) return Buffer.alloc(0);
  if (typeof body !== 'string') return Buffer.from(body.base64, 'base64');
  const restored = rewriteTexts(body, streamed, {
    concerns: (text) => substitutions.restore(text) !== text,
    apply: (pieces) => pieces.map((piece) => substitutions.restore(piece)),
  });
  return Buffer.from(restored);
}

export function sendRecorded(response: ServerResponse, exchange: CassetteExchange, body: Buffer): void {
  const { status, headers, complete, streamed } = exchange;
  if (status === null) {
    // No answer had begun.
    response.destroy();
    return;
  }
  if (!complete) {
    response.writeHead(status, headers);
    response.flushHeaders();
    // Without the end of the framing, which tells the client that something is missing.
    response.write(body, () => response.destroy());
    return;
  }
  response.writeHead(status, streamed ? headers : { ...headers, 'content-length': body.length });
  response.end(body);
}
