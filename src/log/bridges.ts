/** For people who already have a logger: its records go to the files of the scope in which it was called. */
import { inspect } from 'node:util';
import type { Level } from '../schema/index.ts';
import { toJsonValue } from './json-value.ts';
import { getLogger, type Logger } from './logger.ts';

/** Where the records of the other logger go. */
export interface BridgeOptions {
  /** Default: the name the other logger gives, otherwise its kind. */
  readonly module?: string;
  /** Default: `run`. */
  readonly component?: string;
}

/** Levels of pino, LogTape and their custom names, as ours. */
function toLevel(level: unknown): Level {
  if (typeof level === 'number')
    return level < 30 ? 'debug' : level < 40 ? 'info' : level < 50 ? 'warn' : level < 60 ? 'error' : 'fatal';
  if (level === 'trace' || level === 'debug') return 'debug';
  if (level === 'warn' || level === 'warning') return 'warn';
  return level === 'error' || level === 'fatal' ? level : 'info';
}

/**
 * What pino takes for a stream, also as its only argument: without `writable` it would read it as options, and print to stdout.
 */
export interface PinoDestination {
  /** By this pino tells a stream from options. */
  readonly writable: true;
  /** Takes one line of JSON as pino prints it; any other text becomes the message of a record at `info`. */
  write(line: string): void;
}

/**
 * A destination for pino.
 *
 * @example const logger = pino(pinoDestination({ component: 'adapter' }));
 */
export function pinoDestination(options: BridgeOptions = {}): PinoDestination {
  return {
    writable: true,
    write(line) {
      const { level, time: _time, pid: _pid, hostname: _hostname, name, msg, err, event, ...metadata } = parsePinoLine(line);
      const logger = getLogger(options.module ?? (typeof name === 'string' ? name : 'pino'), options);
      const message = typeof msg === 'string' ? msg : '';
      writeBridged(logger, toLevel(level), message, { event, metadata, error: err });
    },
  };
}

/** The part of a LogTape record that the sink reads. */
export interface LogTapeRecord {
  /** The logger's name, part by part: `['app', 'db']` becomes the module `app.db`. */
  readonly category: readonly string[];
  /** LogTape's level: `trace` becomes `debug`, `warning` becomes `warn`. */
  readonly level: string;
  /** Pieces of text and, between them, the values that were put in. */
  readonly message: readonly unknown[];
  /** Becomes the metadata, except `event` and `error`, which become those of the record. */
  readonly properties: Record<string, unknown>;
}

/**
 * A sink for LogTape; the category is the module.
 *
 * @example await configure({ sinks: { run: logtapeSink() }, loggers: [{ category: 'app', sinks: ['run'] }] });
 */
export function logtapeSink(options: BridgeOptions = {}): (record: LogTapeRecord) => void {
  return ({ category, level, message, properties }) => {
    const { event, error, ...metadata } = properties;
    const logger = getLogger(options.module ?? category.join('.'), options);
    writeBridged(logger, toLevel(level), message.map(partText).join(''), { event, metadata, error });
  };
}

/** LogTape drops a record whose sink throws, so any value must become text: circles and bigints too. */
function partText(part: unknown): string {
  if (typeof part === 'string') return part;
  const value = toJsonValue(part, (text) => text);
  if (value === undefined) return inspect(part);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

interface BridgedFields {
  readonly event: unknown;
  readonly metadata: Record<string, unknown>;
  readonly error: unknown;
}

function writeBridged(logger: Logger, level: Level, message: string, { event, metadata, error }: BridgedFields): void {
  logger[level](message, {
    metadata,
    ...(typeof event === 'string' ? { event } : {}),
    ...(error === undefined ? {} : { error }),
  });
}

function parsePinoLine(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Not JSON.
  }
  // A custom serializer of pino may print anything: the line is kept as it is.
  return { msg: line.trimEnd() };
}
