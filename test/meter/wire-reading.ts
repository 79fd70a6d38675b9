/** Reads answers by a wire as the proxy does. */
import assert from 'node:assert/strict';
import { wireOf } from '../../src/meter/wires.ts';
import type { Answered, MeteredWire } from '../../src/meter/wire.ts';

export const SSE = 'text/event-stream; charset=utf-8';

export function metered(path: string): MeteredWire {
  const wire = wireOf('POST', path);
  assert.ok(wire !== null && !wire.lookup, `no metered wire for ${path}`);
  return wire;
}

export interface Read {
  readonly answered: Answered;
  readonly shown: string;
  readonly text: string;
}

interface How {
  readonly hideUsage?: boolean;
  readonly contentType?: string;
  /** False for an answer that broke off. */
  readonly ended?: boolean;
}

export function readStream(wire: MeteredWire, chunks: readonly (string | Buffer)[], how: How = {}): Read {
  const reader = wire.readStream(how.contentType ?? SSE, how.hideUsage ?? false);
  assert.ok(reader !== null, `${wire.name} takes ${how.contentType} for no stream`);
  const shown = chunks.flatMap((chunk) => reader.push(Buffer.from(chunk as Buffer)));
  if (how.ended !== false) shown.push(...reader.end());
  return { answered: reader.answered(), shown: Buffer.concat(shown).toString('utf8'), text: reader.text() };
}

/** The named events of Anthropic's and of the Responses format. */
export function named(...events: readonly Readonly<Record<string, unknown>>[]): string[] {
  return events.map((event) => `event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`);
}

export function unnamed(...events: readonly unknown[]): string[] {
  return events.map((event) => `data: ${JSON.stringify(event)}\n\n`);
}
