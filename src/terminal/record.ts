/** A log record as lines for people: the one form of it, whether it is shown live, read back, or mirrored to stderr. */
import type { Level, LogRecord, RecordedError } from '../schema/index.ts';
import { sanitize, sanitizeLine } from './sanitize.ts';
import type { Paint, Style } from './style.ts';

const STYLE: Record<Level, Style> = { debug: 'dim', info: 'green', warn: 'yellow', error: 'red', fatal: 'red' };
/** Events whose message alone says everything. */
const SILENT = new Set(['log', 'process_output']);
const INDENT = '    ';

export interface RecordFormat {
  readonly paint: Paint;
  /** Metadata and stacks as well, for a record that is shown nowhere else. */
  readonly details?: boolean;
}

/**
 * `14:15:03.123 INFO  003 adapter      step_start: …`, UTC; further lines of message and error below it, indented so that
 * none can look like a record of its own. Nothing in a record steers the terminal.
 */
export function formatRecord(record: LogRecord, { paint, details = false }: RecordFormat): string {
  const at = new Date(record.timestamp).toISOString().slice(11, 23);
  const level = paint(STYLE[record.level], record.level.toUpperCase().padEnd(5));
  const step = record.step === null ? '  -' : String(record.step).padStart(3, '0');
  const component = paint('cyan', sanitizeLine(record.component).padEnd(12));
  const [first = '', ...rest] = textOf(record).split('\n');
  const marks = [record.late === true ? 'late' : '', record.truncated === undefined ? '' : `cut by ${record.truncated} bytes`]
    .filter((mark) => mark !== '')
    .map((mark) => paint('dim', ` (${mark})`))
    .join('');
  const below = [...rest, ...(details ? detailLines(record) : errorLines(record.error, record.message))];
  const more = below.map((line) => `\n${INDENT}${paint('dim', line)}`).join('');
  return `${paint('dim', at)} ${level} ${step} ${component} ${first}${marks}${more}`;
}

function textOf(record: LogRecord): string {
  const { message } = record;
  if (SILENT.has(record.event)) return sanitize(message);
  // Of what a framework says itself its own name counts.
  const { name } = record.metadata;
  const event = record.event === 'framework_event' && typeof name === 'string' ? name : record.event;
  return message === '' ? sanitizeLine(event) : `${sanitizeLine(event)}: ${sanitize(message)}`;
}

/** Nothing of an error when `said` has said it all. */
function errorLines(error: RecordedError | undefined, said: string, prefix = ''): string[] {
  if (error === undefined) return [];
  const head = said.includes(error.message) ? [] : sanitize(`${prefix}${headOf(error)}`).split('\n');
  return [...head, ...errorLines(error.cause, said, 'caused by ')];
}

function detailLines({ metadata, error }: LogRecord): string[] {
  const facts = Object.keys(metadata).length === 0 ? [] : [sanitizeLine(JSON.stringify(metadata))];
  return [...facts, ...stackLines(error)];
}

function stackLines(error: RecordedError | undefined, prefix = ''): string[] {
  if (error === undefined) return [];
  return [...sanitize(`${prefix}${error.stack ?? headOf(error)}`).split('\n'), ...stackLines(error.cause, 'caused by ')];
}

function headOf({ type, message, code }: RecordedError): string {
  return `${type}: ${message}${code === undefined ? '' : ` (${code})`}`;
}
