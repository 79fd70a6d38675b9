/** Where a record belongs: the run, step and attempt around a call, or what waits for a run to begin. */
import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import type { Level } from '../schema/index.ts';
import type { SecretRedactor } from '../secrets/index.ts';
import type { AppendFile } from '../store/append.ts';
import { safeName } from '../store/layout.ts';
import { logError } from './errors.ts';
import { LEVELS, type LoggerCache } from './template.ts';

/** A run as the log core sees it. */
export interface RunOptions {
  /** 1 to 64 letters, digits, dots, underscores or hyphens, the first a letter or digit. Every record has it. */
  readonly runId: string;
  /** The same kind of name. Every record has it. */
  readonly framework: string;
  /** The run's `logs` directory; made where it is missing. */
  readonly logsDir: string;
  /** Values that must never reach a file, beside those that the environment's names give away. */
  readonly secrets?: Iterable<string>;
  /** Components whose records below `error` may wait up to 100 ms or 64 KiB. */
  readonly buffered?: Iterable<string>;
  /** Records of this level and above also go to stderr. Default: none. */
  readonly console?: Level | null;
}

/** One `withRun`: what its records share. */
export interface RunState {
  readonly runId: string;
  readonly framework: string;
  readonly logsDir: string;
  /** Six characters that tell this run of this process from every other writer of the same files. */
  readonly writer: string;
  /** Of the last record; they count from 1. */
  seq: number;
  readonly redactor: SecretRedactor;
  readonly buffered: ReadonlySet<string>;
  /** Index of the lowest level that is mirrored to stderr; past the last level for none. */
  readonly consoleLevel: number;
  /** By path relative to the logs directory. */
  readonly files: Map<string, AppendFile>;
  /** Directories that must be synced with the files. */
  readonly directories: Set<string>;
}

export interface Scope {
  /** Null before the run's directory exists; then records wait in `pending`. */
  readonly run: RunState | null;
  readonly pending: PendingRecords | null;
  readonly step: number | null;
  readonly attempt: number | null;
  readonly parent: Scope | null;
  /** Set when the scope's work is done; later records are marked late. */
  ended: boolean;
  /** What a logger needs in this scope, by the logger's number. */
  readonly loggers: (LoggerCache | undefined)[];
}

/** A plain JavaScript caller may pass anything and should get the coded error. */
const toText = (value: unknown): string => String(value);

const WRITER_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

export function createRunState(options: RunOptions, redactor: SecretRedactor): RunState {
  const { runId, framework, logsDir, console = null } = options;
  if (typeof logsDir !== 'string' || logsDir === '' || logsDir.includes('\0'))
    throw logError('LOGS_DIR_INVALID', { value: logsDir });
  return {
    runId: safeName('run id', toText(runId)),
    framework: safeName('framework', toText(framework)),
    logsDir: resolve(logsDir),
    writer: Array.from({ length: 6 }, () => WRITER_LETTERS[randomInt(WRITER_LETTERS.length)]).join(''),
    seq: 0,
    redactor,
    buffered: new Set(options.buffered),
    consoleLevel: console === null ? LEVELS.length : LEVELS.indexOf(console),
    files: new Map(),
    directories: new Set(),
  };
}

export function createScope(run: RunState | null, pending: PendingRecords | null, parent: Scope | null): Scope {
  return { run, pending, step: null, attempt: null, parent, ended: false, loggers: [] };
}

/** @throws STEP_NUMBER_INVALID, STEP_OUTSIDE_RUN */
export function createStepScope(parent: Scope | undefined, step: number, attempt: number | undefined): Scope {
  if (!Number.isSafeInteger(step) || step < 0) throw logError('STEP_NUMBER_INVALID', { what: 'step', value: step });
  if (attempt !== undefined && (!Number.isSafeInteger(attempt) || attempt < 1)) {
    throw logError('STEP_NUMBER_INVALID', { what: 'attempt', value: attempt });
  }
  if (parent === undefined || parent.run === null) throw logError('STEP_OUTSIDE_RUN', { step });
  return { run: parent.run, pending: null, step, attempt: attempt ?? null, parent, ended: false, loggers: [] };
}

/** A logger's identity; the number is the same for the same names in all copies of the package. */
export interface LoggerIdentity {
  readonly id: number;
  readonly module: string;
  readonly component: string;
}

/** What a caller gives. */
export interface RecordContent {
  readonly event: string;
  readonly message: string;
  readonly metadata: unknown;
  /** Undefined for none. */
  readonly error: unknown;
}

export interface PendingRecord {
  readonly level: number;
  readonly ms: number;
  readonly origin: LoggerIdentity;
  readonly content: RecordContent;
}

/** More than this before a run begins is a fault; the rest goes where records without a run go. */
const MAX_PENDING = 10_000;

export class PendingRecords {
  readonly #outer: PendingRecords | null;
  readonly #records: PendingRecord[] = [];
  /** How many of the records each run has received, by its logs directory. */
  readonly #delivered = new Map<string, number>();

  constructor(outer: PendingRecords | null) {
    this.#outer = outer;
  }

  /** False when there is no room. */
  add(record: PendingRecord): boolean {
    if (this.#records.length >= MAX_PENDING) return false;
    this.#records.push(record);
    return true;
  }

  /** What waits here and around and the run of this logs directory has not received yet, oldest first. */
  deliver(logsDir: string): PendingRecord[] {
    const from = this.#delivered.get(logsDir) ?? 0;
    this.#delivered.set(logsDir, this.#records.length);
    return [...(this.#outer?.deliver(logsDir) ?? []), ...this.#records.slice(from)];
  }

  /** Takes out what no run has received. */
  takeUndelivered(): PendingRecord[] {
    const from = Math.max(0, ...this.#delivered.values());
    this.#delivered.clear();
    return this.#records.splice(0).slice(from);
  }
}
