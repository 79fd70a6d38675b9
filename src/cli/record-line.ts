/** A log record as a line for people. */
import type { Level, LogRecord, RecordedError } from '../schema.ts';
import { type Paint, type Style, sanitize, sanitizeLine } from '../terminal.ts';

const STYLE: Record<Level, Style> = { debug: 'dim', info: 'green', warn: 'yellow', error: 'red', fatal: 'red' };
/** Events whose message alone says everything. */
const SILENT = new Set(['log', 'process_output']);
const INDENT = '    ';

/**
 * `14:15:03.123 INFO  003 adapter      step_start: …`, UTC; further lines of message and error below it, indented so that
 * none can look like a record of its own. Stacks are for programs: `--json` has them.
 */
export function recordLine(record: LogRecord, paint: Paint): string {
  const at = new Date(record.timestamp).toISOString().slice(11, 23);
  const level = paint(STYLE[record.level], record.level.toUpperCase().padEnd(5));
  const step = record.step === null ? '  -' : String(record.step).padStart(3, '0');
  const component = paint('cyan', sanitizeLine(record.component).padEnd(12));
  const [first = '', ...rest] = textOf(record).split('\n');
  const error = record.error === undefined ? [] : errorLines(record.error, record.message);
  const marks = [record.late === true ? 'late' : '', record.truncated === undefined ? '' : `cut by ${record.truncated} bytes`]
    .filter((mark) => mark !== '')
    .map((mark) => paint('dim', ` (${mark})`))
    .join('');
  const more = [...rest, ...error].map((line) => `\n${INDENT}${paint('dim', line)}`).join('');
  return `${paint('dim', at)} ${level} ${step} ${component} ${first}${marks}${more}`;
}

/** What `--grep` looks at: event, message, metadata and error. */
export function searchableText(record: LogRecord): string {
  const error = record.error === undefined ? '' : `\n${record.error.type}: ${record.error.message}\n${record.error.stack ?? ''}`;
  return `${record.event}: ${record.message}\n${JSON.stringify(record.metadata)}${error}`;
}

function textOf(record: LogRecord): string {
  const { message } = record;
  if (SILENT.has(record.event)) return sanitize(message);
  // Of what a framework says itself its own name counts.
  const { name } = record.metadata;
  const event = record.event === 'framework_event' && typeof name === 'string' ? name : record.event;
  return message === '' ? sanitizeLine(event) : `${sanitizeLine(event)}: ${sanitize(message)}`;
}

/** Nothing when `said` has said it all. */
function errorLines(error: RecordedError, said: string, prefix = ''): string[] {
  const code = error.code === undefined ? '' : ` (${error.code})`;
  const head = said.includes(error.message) ? [] : [`${prefix}${error.type}: ${error.message}${code}`];
  const cause = error.cause === undefined ? [] : errorLines(error.cause, said, 'caused by ');
  return [...head.flatMap((line) => sanitize(line).split('\n')), ...cause];
}
