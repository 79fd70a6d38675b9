/** What a call may add to its message. */
export interface LogFields {
  readonly event?: string;
  readonly metadata?: Record<string, unknown>;
  /** Any thrown value; recorded as {type, message, stack, cause, code}. */
  readonly error?: unknown;
}

/** Writes to the files of the run and step in whose scope the call is made. Never throws. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  fatal(message: string, fields?: LogFields): void;
}
