/** One event of a server-sent event stream. */
import { createParser } from 'eventsource-parser';

/** The event's data, or null when it has none: a comment, or a name alone. */
export function dataOf(event: Buffer): string | null {
  const text = event.toString('utf8');
  // What most providers send: one line of data and nothing else. The parser knows every other form.
  const end = text.indexOf('\n');
  if (text.startsWith('data: ') && end === text.length - 2 && text[end - 1] !== '\r') return text.slice(6, end);
  let data: string | null = null;
  createParser({
    onEvent: (event) => {
      data = event.data;
    },
  }).feed(text);
  return data;
}
