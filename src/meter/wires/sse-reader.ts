/** The reader of answers that come as server-sent events. */
import { dataOf, EventSplitter } from './sse.ts';
import { writtenText } from './text.ts';
import type { ParsedResponse, StreamReader } from './wire.ts';

/** What one wire knows of its events. */
export interface EventFormat {
  /** Looks at one event and returns what of it the client gets: the event itself, another in its place, or null for none. */
  read(event: Buffer): Buffer | null;
  parsed(): ParsedResponse;
  /** The text that the model wrote in one event's data. */
  written(data: string): string;
}

const BLANK_LINE = Buffer.from('\n\n');

export function readEvents(format: EventFormat): StreamReader {
  const splitter = new EventSplitter();
  const held = writtenText((event) => {
    const data = dataOf(event);
    return data === null ? '' : format.written(data);
  });
  const shownOf = (event: Buffer): Buffer | null => {
    held.hold(event);
    return format.read(event);
  };

  return {
    push: (chunk) => splitter.push(chunk).flatMap((event) => shownOf(event) ?? []),
    end() {
      const rest = splitter.end();
      if (rest.length === 0) return [];
      // An event without its blank line: clients differ in whether they take it; the meter does, and adds no byte for them.
      const shown = shownOf(Buffer.concat([rest, BLANK_LINE]));
      return shown === null ? [] : [shown.subarray(0, shown.length - BLANK_LINE.length)];
    },
    parsed: () => format.parsed(),
    text: () => held.text(),
  };
}
