/** Reads responses with a wire, as the proxy does. */
import assert from 'node:assert/strict';
import { streamReaderOf } from '../../../src/meter/response-reader.ts';
import { wireOf } from '../../../src/meter/wires/table.ts';
import type { ParsedResponse, MeteredWire } from '../../../src/meter/wires/wire.ts';

export const SSE = 'text/event-stream; charset=utf-8';

export function meteredWire(path: string): MeteredWire {
  const wire = wireOf('POST', path);
  assert.ok(wire !== null && !wire.lookup, `no metered wire for ${path}`);
  return wire;
}

export interface StreamResult {
  readonly answered: ParsedResponse;
  readonly shown: string;
  readonly text: string;
}

interface ReadOptions {
  readonly hideUsage?: boolean;
  readonly contentType?: string;
  /** False for a truncated response. */
  readonly ended?: boolean;
}

export function readStream(wire: MeteredWire, chunks: readonly (string | Buffer)[], how: ReadOptions = {}): StreamResult {
  const reader = streamReaderOf(wire, how.contentType ?? SSE, how.hideUsage ?? false);
  assert.ok(reader !== null, `${wire.name} takes ${how.contentType} for no stream`);
  const shown = chunks.flatMap((chunk) => reader.push(Buffer.from(chunk as Buffer)));
  if (how.ended !== false) shown.push(...reader.end());
  return { answered: reader.parsed(), shown: Buffer.concat(shown).toString('utf8'), text: reader.text() };
}

/** The named events of Anthropic's and of the Responses format. */
export function namedEvents(...events: readonly Readonly<Record<string, unknown>>[]): string[] {
  return events.map((event) => `event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`);
}

export function dataEvents(...events: readonly unknown[]): string[] {
  return events.map((event) => `data: ${JSON.stringify(event)}\n\n`);
}
