/** Changes the data of one server-sent event and leaves its other lines as they are. */

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const FIELD = Buffer.from('data:');

/** Where a line's data begins, its text ends, and the next line begins. */
interface DataLine {
  readonly start: number;
  readonly from: number;
  readonly to: number;
  readonly next: number;
}

/**
 * @param event with or without its blank line
 * @param change gets all data of the event; returns the same buffer where it changes nothing
 */
export function withData(event: Buffer, change: (data: Buffer) => Buffer): Buffer {
  const lines = dataLines(event);
  const [first, ...others] = lines;
  if (first === undefined) return event;
  if (others.length === 0) {
    const data = event.subarray(first.from, first.to);
    const changed = change(data);
    return changed === data ? event : Buffer.concat([event.subarray(0, first.from), changed, event.subarray(first.to)]);
  }
  const data = Buffer.from(lines.map(({ from, to }) => event.toString('utf8', from, to)).join('\n'));
  const changed = change(data);
  if (changed === data) return event;
  // All of it goes where its first line stands.
  const pieces = [event.subarray(0, first.from), Buffer.from(changed.toString('utf8').replaceAll('\n', '\ndata: '))];
  let at = first.to;
  for (const { start, next } of others) {
    pieces.push(event.subarray(at, start));
    at = next;
  }
  return Buffer.concat([...pieces, event.subarray(at)]);
}

function dataLines(event: Buffer): DataLine[] {
  const lines: DataLine[] = [];
  let start = 0;
  while (start < event.length) {
    const to = endOfLine(event, start);
    const next = to + (event[to] === CR && event[to + 1] === LF ? 2 : 1);
    if (event.subarray(start, start + FIELD.length).equals(FIELD)) {
      const from = start + FIELD.length;
      lines.push({ start, from: event[from] === SPACE ? from + 1 : from, to, next });
    }
    start = next;
  }
  return lines;
}

/** Where the line's text ends: before its CR, LF or both. */
function endOfLine(event: Buffer, start: number): number {
  const lf = event.indexOf(LF, start);
  const end = lf < 0 ? event.length : lf;
  const cr = event.subarray(start, end).indexOf(CR);
  return cr < 0 ? end : start + cr;
}
