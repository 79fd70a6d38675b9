/** Tells a recorder of an exchange that has ended. */
import type { Arrival } from './arrival.ts';
import type { Forwarded } from './forward.ts';
import type { HeldBytes } from './held.ts';
import { queryWithoutKey } from './credential.ts';

const NOTHING = Buffer.alloc(0);

/** @param request as sent upstream, without compression; null when it was not held */
export function recordExchange(
  { meters, account, target, request: { method = 'GET' } }: Arrival,
  wire: string | null,
  request: Buffer | null,
  done: Forwarded,
  answer: { readonly body: HeldBytes | null; readonly streamed: boolean },
  durationMs: number,
): void {
  const { recorder } = meters;
  if (recorder === null) return;
  const body = answer.body?.bytes() ?? NOTHING;
  const oversized = answer.body?.whole === false || body.length > recorder.maxBytes;
  account.ledger.exchanged(recorder, {
    wire,
    method,
    path: target.path + queryWithoutKey(target.query),
    step: account.step,
    attempt: account.attempt,
    request: request !== null && request.length <= recorder.maxBytes ? request : null,
    status: done.status,
    headers: {
      ...(done.contentType === null ? {} : { 'content-type': done.contentType }),
      ...(done.requestId === null ? {} : { 'x-request-id': done.requestId }),
    },
    body: oversized ? body.subarray(0, recorder.maxBytes) : body,
    complete: done.ending === 'whole',
    oversized,
    streamed: answer.streamed,
    durationMs,
  });
}
