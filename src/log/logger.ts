/** Component loggers. */
import type { Level } from '../schema/index.ts';
import type { LoggerIdentity } from './scope.ts';
import { LEVELS } from './template.ts';
import { shared, writeRecord } from './write-record.ts';

/** What a call may add to its message. */
export interface LogFields {
  /** Key for analysis, snake_case. Default: `log`. */
  readonly event?: string;
  /** Facts for analysis. Maps, sets, errors and bigints are kept in a form that JSON has; secrets are masked. Default: none. */
  readonly metadata?: Record<string, unknown>;
  /** Any thrown value; recorded as {type, message, stack, cause, code}. */
  readonly error?: unknown;
}

/** Writes to the files of the run and step in whose scope the call is made. Never throws. */
export interface Logger {
  /** Details that help to find a bug. */
  debug(message: string, fields?: LogFields): void;
  /** The normal course of events. */
  info(message: string, fields?: LogFields): void;
  /** Something unexpected that stops nothing; the run's summary counts and lists it. */
  warn(message: string, fields?: LogFields): void;
  /** Something failed; the run's summary counts and lists it. */
  error(message: string, fields?: LogFields): void;
  /** The program cannot go on. Logging it ends nothing; the run's summary counts it as an error. */
  fatal(message: string, fields?: LogFields): void;
}

const MAX_NAME = 256;
const DEFAULT_EVENT = 'log';

/**
 * A logger for a place in the code. It may be made anywhere, also once for a whole module: each call is recorded in the scope
 * around it. Outside of any run it is printed to stderr.
 *
 * @param module names the place in the code, for people who search: `adapters/command`
 * @param options.component decides the file: in step 3 `adapter` is logged to `step_003/adapter.log`. `run` (default), and
 *   whatever is logged outside of a step, goes to `run.log`
 * @example getLogger('adapters/command', { component: 'adapter' }).info('Started', { event: 'process_start' })
 */
export function getLogger(module: string, options: { readonly component?: string } = {}): Logger {
  const origin = identityOf(module, options.component ?? 'run');
  const at = (level: Level): Logger['info'] => {
    const index = LEVELS.indexOf(level);
    return (message, fields) => log(origin, index, message, fields);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), fatal: at('fatal') };
}

function identityOf(moduleName: string, componentName: string): LoggerIdentity {
  const module = toText(moduleName).slice(0, MAX_NAME).toWellFormed();
  const component = toText(componentName).slice(0, MAX_NAME).toWellFormed();
  const key = `${component}\0${module}`;
  const id = shared.loggers.get(key) ?? shared.loggers.size;
  shared.loggers.set(key, id);
  return { id, module, component };
}

/** The types promise strings, but the callers may be plain JavaScript, and a log call never throws. */
function log(origin: LoggerIdentity, level: number, message: string, fields: LogFields | undefined): void {
  let event = DEFAULT_EVENT;
  let metadata: unknown;
  let error: unknown;
  if (typeof fields === 'object' && fields !== null) {
    try {
      ({ event = DEFAULT_EVENT, metadata, error } = fields);
    } catch (thrown) {
      error = thrown;
    }
  }
  writeRecord(
    origin,
    level,
    typeof event === 'string' ? event : toText(event),
    typeof message === 'string' ? message : toText(message),
    metadata,
    error,
  );
}

function toText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return '[no text]';
  }
}
