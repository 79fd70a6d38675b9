/**
 * Reads log files line by line. Nothing on disk makes a reader throw: a line that is no record comes out as a value that
 * says where it is and what is wrong with it.
 */
import type { Level, LogRecord, RecordedError } from '../../schema/index.ts';
import { parseLogPath } from '../layout.ts';
import { LineSplitter, type RawLine } from './lines.ts';
import type { RunSource } from './source.ts';

/** A record with its place. */
export interface RecordItem {
  /** As it was written; fields that an old or foreign writer left out have their defaults. */
  readonly record: LogRecord;
  /** Relative to the run directory, with `/`: `logs/step_001/adapter.log`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** A line that is no record. */
export interface DamagedLine {
  /** Relative to the run directory, with `/`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Length of the line without its newline. */
  readonly bytes: number;
  /** A phrase for people: `not JSON: …`. */
  readonly reason: string;
  /** True for bytes without a newline at the end of the file: a line cut off, or one being written just now. */
  readonly torn: boolean;
}

/** One line as read: `'record' in item` tells a record from a damaged line. */
export type ReadItem =
  | RecordItem
  | {
      /** Where the line is and what is wrong with it. */
      readonly damaged: DamagedLine;
    };

/** Where a line begins in its file. */
export interface FilePosition {
  /** In bytes. */
  readonly offset: number;
  /** Lines before it. */
  readonly lines: number;
}

/** Lines of a file from a position to an offset. */
export interface FilePart {
  /** The start of a line. */
  readonly from: FilePosition;
  /** Offset in bytes, itself not included. */
  readonly to: number;
}

/** A line with its place, as the reader hands it out. */
export type LineItem = ReadItem & {
  /** Offset where reading continues: after its newline, or at its own start when it has none and may still grow. */
  readonly nextOffset: number;
  /** False for what follows the last newline of the file. */
  readonly terminated: boolean;
};

/** The file and number of a line, whether it is a record or damaged. */
export function locationOf(item: ReadItem): { readonly file: string; readonly line: number } {
  return 'record' in item ? item : item.damaged;
}

/** What `parseRecord` made of a line. */
export type ParsedRecord =
  | {
      /** Whether the line is a record. */
      readonly ok: true;
      /** The line with the defaults of its place. */
      readonly record: LogRecord;
    }
  | {
      readonly ok: false;
      /** A phrase for people: `not JSON`. */
      readonly reason: string;
    };

/** What the place of a line says when the line itself does not. */
export interface RecordDefaults {
  /** The name of its file without `.log`. Default: `run`. */
  readonly component?: string;
  /** The number of its directory; null (default) outside of steps. */
  readonly step?: number | null;
}

const LEVEL_ALIASES: ReadonlyMap<string, Level> = new Map([
  ['debug', 'debug'],
  ['info', 'info'],
  ['warn', 'warn'],
  ['warning', 'warn'],
  ['error', 'error'],
  ['fatal', 'fatal'],
  ['critical', 'fatal'],
]);

/** Causes deeper than this are left out; a line made by hand could nest them without end. */
const MAX_CAUSES = 16;

type JsonObject = Record<string, unknown>;

/**
 * One line as a record. Accepts what the original system wrote as well: upper-case levels (`WARNING`, `CRITICAL` among
 * them), microseconds, and lines without component, event, step or metadata. Level, time and message must be there.
 *
 * @example parseRecord('{"timestamp":"2025-10-20T14:23:45.123456Z","level":"INFO","module":"runner","message":"x"}')
 */
export function parseRecord(line: string, defaults: RecordDefaults = {}): ParsedRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { ok: false, reason: line.includes('\0') ? 'not JSON: it holds NUL bytes' : 'not JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { ok: false, reason: 'not a JSON object' };
  const fields = value as JsonObject;
  const { level, timestamp, message, module, component, run_id, framework, step, event, metadata } = fields;
  const known = typeof level === 'string' ? LEVEL_ALIASES.get(level.toLowerCase()) : undefined;
  if (known === undefined) return { ok: false, reason: `unknown level ${describeValue(level)}` };
  if (typeof timestamp !== 'string' || Number.isNaN(Date.parse(timestamp)))
    return { ok: false, reason: `no valid time: ${describeValue(timestamp)}` };
  if (typeof message !== 'string') return { ok: false, reason: `no message: ${describeValue(message)}` };
  const record: LogRecord = {
    level: known,
    timestamp,
    module: typeof module === 'string' ? module : '',
    component: typeof component === 'string' ? component : (defaults.component ?? 'run'),
    run_id: typeof run_id === 'string' ? run_id : null,
    framework: typeof framework === 'string' ? framework : null,
    step: isInteger(step) ? step : (defaults.step ?? null),
    event: typeof event === 'string' ? event : 'log',
    message,
    metadata: isObject(metadata) ? metadata : {},
  };
  if (isInteger(fields['attempt'])) record.attempt = fields['attempt'];
  if (isInteger(fields['seq'])) record.seq = fields['seq'];
  if (typeof fields['writer'] === 'string') record.writer = fields['writer'];
  const error = fields['error'] === undefined ? null : parseError(fields['error'], 0);
  if (error !== null) record.error = error;
  if (typeof fields['late'] === 'boolean') record.late = fields['late'];
  if (isInteger(fields['truncated'])) record.truncated = fields['truncated'];
  if (typeof fields['trace_id'] === 'string') record.trace_id = fields['trace_id'];
  if (typeof fields['span_id'] === 'string') record.span_id = fields['span_id'];
  return { ok: true, record };
}

/**
 * Every line of one file, or of a part of it, in file order, a stretch of the file at a time. Blank lines count but are not
 * reported. An empty stretch is possible.
 */
export async function* readLogBatches(source: RunSource, file: string, part: FilePart | null = null): AsyncGenerator<LineItem[]> {
  const splitter = new LineSplitter();
  const defaults = parseLogPath(file);
  const { offset, lines } = part?.from ?? { offset: 0, lines: 0 };
  let nextOffset = offset;
  const itemsOf = (raw: readonly RawLine[]): LineItem[] => {
    const items: LineItem[] = [];
    for (const line of raw) {
      if (line.terminated) nextOffset += line.bytes + 1;
      const item = toLineItem(line, { file, line: line.number + lines, nextOffset }, defaults);
      if (item !== null) items.push(item);
    }
    return items;
  };
  for await (const chunk of source.stream(file, part === null ? {} : { from: offset, to: part.to }))
    yield itemsOf(splitter.push(chunk));
  const rest = splitter.end();
  if (rest !== null) yield itemsOf([rest]);
}

/** Every line of one file, in file order. Holds one stretch of the file in memory, never all of it. */
export async function* readLogFile(source: RunSource, file: string): AsyncGenerator<LineItem> {
  for await (const batch of readLogBatches(source, file)) yield* batch;
}

/** A raw line as a record or as damage; null for a blank line. */
function toLineItem(
  { bytes, text, terminated }: RawLine,
  { file, line, nextOffset }: { file: string; line: number; nextOffset: number },
  defaults: RecordDefaults,
): LineItem | null {
  const damage = (reason: string): LineItem => {
    return { damaged: { file, line, bytes, reason, torn: !terminated }, nextOffset, terminated };
  };
  if (text === null) return damage('longer than any record');
  if (text.trim() === '') return null;
  const parsed = parseRecord(text, defaults);
  // A last line whose newline alone is missing is whole; the writer's next start ends it.
  if (parsed.ok) return { record: parsed.record, file, line, nextOffset, terminated };
  return damage(terminated ? parsed.reason : 'cut off: the file ends within the line');
}

function parseError(value: unknown, depth: number): RecordedError | null {
  if (!isObject(value) || depth > MAX_CAUSES) return null;
  const { type, message, stack, cause, code } = value;
  const error: RecordedError = {
    type: typeof type === 'string' ? type : 'Error',
    message: typeof message === 'string' ? message : '',
  };
  if (typeof stack === 'string') error.stack = stack;
  const inner = cause === undefined ? null : parseError(cause, depth + 1);
  if (inner !== null) error.cause = inner;
  if (typeof code === 'string' || typeof code === 'number') error.code = code;
  return error;
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describeValue(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value).slice(0, 60);
}
