/** Where a record belongs: the run, step and attempt around a call. */
import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import type { Level } from '../schema.ts';
import type { AppendFile } from '../store/append.ts';
import { safeName } from '../store/layout.ts';
import type { HeldRecords } from './held.ts';
import { LEVELS } from './level.ts';
import type { SecretRedactor } from '../secrets.ts';
import type { Slot } from './slot.ts';
import { logError } from './errors.ts';

export interface RunOptions {
  readonly runId: string;
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
  readonly mirror: number;
  /** By path relative to the logs directory. */
  readonly files: Map<string, AppendFile>;
  /** Directories that must be synced with the files. */
  readonly directories: Set<string>;
}

export interface Scope {
  /** Null before the run's directory exists; then records are held in `held`. */
  readonly run: RunState | null;
  readonly held: HeldRecords | null;
  readonly step: number | null;
  readonly attempt: number | null;
  readonly parent: Scope | null;
  /** Its work should be over; what it still logs is marked late. */
  ended: boolean;
  /** What a logger needs in this scope, by the logger's number. */
  readonly slots: (Slot | undefined)[];
}

/** A caller in plain JavaScript may pass anything; it should meet the catalogue's error. */
const named = (value: unknown): string => String(value);

const WRITER_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

export function runState(options: RunOptions, redactor: SecretRedactor): RunState {
  const { runId, framework, logsDir, console = null } = options;
  if (typeof logsDir !== 'string' || logsDir === '' || logsDir.includes('\0'))
    throw logError('LOGS_DIR_INVALID', { value: logsDir });
  return {
    runId: safeName('run id', named(runId)),
    framework: safeName('framework', named(framework)),
    logsDir: resolve(logsDir),
    writer: Array.from({ length: 6 }, () => WRITER_LETTERS[randomInt(WRITER_LETTERS.length)]).join(''),
    seq: 0,
    redactor,
    buffered: new Set(options.buffered),
    mirror: console === null ? LEVELS.length : LEVELS.indexOf(console),
    files: new Map(),
    directories: new Set(),
  };
}

export function scopeOf(run: RunState | null, held: HeldRecords | null, parent: Scope | null): Scope {
  return { run, held, step: null, attempt: null, parent, ended: false, slots: [] };
}

/** @throws STEP_NUMBER_INVALID, STEP_OUTSIDE_RUN */
export function stepScope(parent: Scope | undefined, step: number, attempt: number | undefined): Scope {
  if (!Number.isSafeInteger(step) || step < 0) throw logError('STEP_NUMBER_INVALID', { what: 'step', value: step });
  if (attempt !== undefined && (!Number.isSafeInteger(attempt) || attempt < 1)) {
    throw logError('STEP_NUMBER_INVALID', { what: 'attempt', value: attempt });
  }
  if (parent === undefined || parent.run === null) throw logError('STEP_OUTSIDE_RUN', { step });
  return { run: parent.run, held: null, step, attempt: attempt ?? null, parent, ended: false, slots: [] };
}
