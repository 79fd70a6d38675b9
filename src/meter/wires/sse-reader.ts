/** Reads responses that are server-sent events. */
import { dataOf, EventSplitter } from './sse.ts';
import { outputTextCollector } from './text.ts';
import type { ParsedResponse, StreamReader } from './wire.ts';

/** What one wire knows about its events. */
export interface EventFormat {
  /** Parses one event and returns what the client gets: the event itself, a replacement, or null for nothing. */
  read(event: Buffer): Buffer | null;
  parsed(): ParsedResponse;
  /** The model's output in the data of one event. */
  outputText(data: string): string;
}

const BLANK_LINE = Buffer.from('\n\n');

export function eventStreamReader(format: EventFormat): StreamReader {
  const splitter = new EventSplitter();
  const collected = outputTextCollector((event) => {
    const data = dataOf(event);
    return data === null ? '' : format.outputText(data);
  });
  const visibleEvent = (event: Buffer): Buffer | null => {
    collected.add(event);
    return format.read(event);
  };

  return {
    push: (chunk) => splitter.push(chunk).flatMap((event) => visibleEvent(event) ?? []),
    end() {
      const rest = splitter.end();
      if (rest.length === 0) return [];
      // An event without its blank line: some clients accept it, some do not. The meter parses it, and forwards it unchanged.
      const visible = visibleEvent(Buffer.concat([rest, BLANK_LINE]));
      return visible === null ? [] : [visible.subarray(0, visible.length - BLANK_LINE.length)];
    },
    parsed: () => format.parsed(),
    text: () => collected.text(),
  };
}
