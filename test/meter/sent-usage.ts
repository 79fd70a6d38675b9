/** Usage totals that a provider stub has sent: the ledger must have the same. */
import type { ServerResponse } from 'node:http';
import { fromRecordedCounts, type EventMetadata } from '../../src/schema/index.ts';

export class UsageTotals {
  /** Answers with usage. */
  answers = 0;
  inputTokens = 0;
  outputTokens = 0;
  cacheReadTokens = 0;
  cacheWriteTokens = 0;
  reasoningTokens = 0;

  add(usage: {
    inputTokens: number;
    outputTokens: number;
    cacheReadTokens?: number;
    cacheWriteTokens?: number;
    reasoningTokens?: number;
  }): void {
    this.answers += 1;
    this.inputTokens += usage.inputTokens;
    this.outputTokens += usage.outputTokens;
    this.cacheReadTokens += usage.cacheReadTokens ?? 0;
    this.cacheWriteTokens += usage.cacheWriteTokens ?? 0;
    this.reasoningTokens += usage.reasoningTokens ?? 0;
  }
}

/** The same sums over the records of a ledger. */
export function totalsOfCalls(calls: readonly EventMetadata<'llm_call'>[]): UsageTotals {
  const sent = new UsageTotals();
  for (const call of calls) {
    if (call.usage_source !== 'provider') continue;
    const counts = fromRecordedCounts(call);
    sent.add({
      inputTokens: counts.inputTokens ?? 0,
      outputTokens: counts.outputTokens ?? 0,
      cacheReadTokens: counts.cacheReadTokens ?? 0,
      cacheWriteTokens: counts.cacheWriteTokens ?? 0,
      reasoningTokens: counts.reasoningTokens ?? 0,
    });
  }
  return sent;
}

export function sendJson(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** What happens after the events of a stream. */
export type Ending = 'ends' | 'breaks_off' | 'stays_open';

/** Writes the events in chunks whose boundaries do not align with theirs. */
export function sendEvents(response: ServerResponse, events: readonly string[], ending: Ending): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  const bytes = Buffer.from(events.join(''));
  for (let at = 0; at < bytes.length; at += 53) response.write(bytes.subarray(at, at + 53));
  if (ending === 'ends') response.end();
  else if (ending === 'breaks_off') response.write('', () => setImmediate(() => response.socket?.destroySoon()));
}

/** Fails the first requests of one body: the same request sent again gets through. */
export class FirstRequestsFail {
  readonly #seen = new Map<string, number>();

  /** True while this request is among the first `times` of its kind. */
  fails(body: Buffer, times: number): boolean {
    const seen = (this.#seen.get(body.toString()) ?? 0) + 1;
    this.#seen.set(body.toString(), seen);
    return seen <= times;
  }
}
