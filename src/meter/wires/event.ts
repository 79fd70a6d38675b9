/** One event of a server-sent event stream. */
import { createParser } from 'eventsource-parser';

/** The event's data, or null when it has none: a comment, or a name alone. */
export function dataOf(event: Buffer): string | null {
  const text = event.toString('utf8');
  return plainData(text) ?? parsedData(text);
}

/** What providers send: at most a name, then one line of data. Null for every other form, which the parser knows. */
function plainData(text: string): string | null {
  const from = text.startsWith('event: ') ? text.indexOf('\n') + 1 : 0;
  const blank = text.endsWith('\r\n\r\n') ? 4 : text.endsWith('\n\n') ? 2 : 0;
  if (blank === 0 || !text.startsWith('data: ', from)) return null;
  const data = text.slice(from + 6, text.length - blank);
  return data.includes('\n') || data.includes('\r') ? null : data;
}

function parsedData(text: string): string | null {
  let data: string | null = null;
  createParser({
    onEvent: (event) => {
      data = event.data;
    },
  }).feed(text);
  return data;
}
