/** What the fold keeps while it reads. Bounded by steps, attempts, log files and writers, never by the number of records. */
import type { EventMetadata, EventName, LogRecord, Phase, RunSummary } from '../../schema/index.ts';
import type { SeqCoverage } from '../../store/index.ts';
import { emptyContinuity, type Continuity } from './continuity.ts';
import { getOrCreate } from './entry.ts';
import { emptyOutput } from './output.ts';
import { emptyPhases } from './phases.ts';
import { truncate, emptyProblems } from './problems.ts';
import { emptyUsage, type UsageState } from './usage.ts';

const MODELS_KEPT = 50;
export const MODEL_LENGTH = 100;

/** An event's metadata with the record that carried it. */
interface Recorded<E extends EventName> {
  readonly metadata: EventMetadata<E>;
  readonly record: LogRecord;
}

export class AttemptState {
  readonly attempt: number;
  readonly usage = emptyUsage();
  readonly phases = emptyPhases();
  start: Recorded<'attempt_start'> | null = null;
  end: Recorded<'attempt_end'> | null = null;
  leftovers: number | null = null;
  backoffSeconds: number | null = null;

  constructor(attempt: number) {
    this.attempt = attempt;
  }
}

export class ValidationState {
  end: EventMetadata<'validation_end'> | null = null;
  continuity: Continuity | null = null;
  readonly failures: string[] = [];
  appOutput: readonly string[] = [];
}

export class StepState {
  readonly step: number;
  readonly usage = emptyUsage();
  /** Of all attempts together. */
  readonly phases = emptyPhases();
  readonly attempts = new Map<number, AttemptState>();
  /** Records of any kind. */
  records = 0;
  start: Recorded<'step_start'> | null = null;
  end: Recorded<'step_end'> | null = null;
  hitl = 0;
  errors = 0;
  warnings = 0;
  /** Of the last attempt. */
  validation = new ValidationState();
  /** Unix milliseconds; while it waits for its next attempt. */
  retryAt: number | null = null;
  /** What it built is being checked; that begins in its last attempt and continues after its own end. */
  validating = false;

  constructor(step: number) {
    this.step = step;
  }
}

export interface ModelState {
  readonly usage: UsageState;
  readonly answeredAs: Set<string>;
}

/** One request to a model. Lookups, and requests that a budget refused, are none. */
export interface RecordedCall {
  /** Null outside of steps. */
  readonly step: number | null;
  /** Unix milliseconds. Of a call without a recorded begin: its duration before its end. */
  readonly startedAt: number;
  /** Unix milliseconds; null while no end is recorded. */
  readonly endedAt: number | null;
  /** What was asked. */
  readonly request: EventMetadata<'llm_call_start'> | EventMetadata<'llm_call'>;
  /** What came of it; null while no end is recorded. */
  readonly outcome: EventMetadata<'llm_call'> | null;
}

/** A call that has begun and not ended. */
interface OpenCall extends RecordedCall {
  readonly outcome: null;
  /** The sums it is counted in. */
  readonly sums: readonly UsageState[];
}

export class FoldState {
  runId: string | null = null;
  framework: string | null = null;
  start: Recorded<'run_start'> | null = null;
  end: Recorded<'run_end'> | null = null;
  recovered: EventMetadata<'run_recovered'> | null = null;
  commit: string | null = null;
  lastRecordAt: string | null = null;
  /** Of the records of the run's own process: those of a recovery may be days later. */
  lastOwnRecordAt: string | null = null;
  readonly phases = new Map<Phase, EventMetadata<'phase_end'> | null>();
  readonly steps = new Map<number, StepState>();
  /** Of the whole run. */
  readonly usage = emptyUsage();
  /** Of it, what was called while no attempt was going on. */
  readonly outside = emptyUsage();
  /** Of ended calls; those without an end join at the end of the fold. */
  readonly models = new Map<string, ModelState>();
  /** By call id. */
  readonly openCalls = new Map<string, OpenCall>();
  readonly onCallEnd: ((call: RecordedCall) => void) | undefined;
  prices: EventMetadata<'prices_loaded'> | null = null;
  readonly continuity = emptyContinuity();
  readonly output = emptyOutput();
  /** Last lines of what failed, by step; key null is outside steps. */
  readonly failedOutput = new Map<number | null, readonly string[]>();
  readonly errors = emptyProblems();
  readonly warnings = emptyProblems();
  readonly damaged: RunSummary['damaged'] = { count: 0, bytes: 0, first: [] };
  readonly malformed: RunSummary['malformed'] = { count: 0, first: [] };
  readonly torn: RunSummary['torn'] = { count: 0, bytes: 0 };
  readonly dropped: RunSummary['dropped'] = { count: 0, bytes: 0 };
  readonly hitl: RunSummary['hitl'] = { count: 0, first: [] };
  readonly writers = new Map<string, SeqCoverage>();
  readonly files = new Map<string, { lines: number; damaged: number }>();
  validationSeconds: number | null = null;
  lateRecords = 0;
  truncatedRecords = 0;

  constructor(onCallEnd?: (call: RecordedCall) => void) {
    this.onCallEnd = onCallEnd;
  }
}

export function stepOf({ steps }: FoldState, step: number): StepState {
  return getOrCreate(steps, step, () => new StepState(step));
}

export function attemptOf({ attempts }: StepState, attempt: number): AttemptState {
  return getOrCreate(attempts, attempt, () => new AttemptState(attempt));
}

/** The model asked for, else the one that answered. */
export function modelOf(models: Map<string, ModelState>, name: string | null): ModelState {
  const short = truncate(name ?? 'unknown', MODEL_LENGTH);
  // Names come from requests and answers: however many are made up, the summary stays small.
  const key = models.has(short) || models.size < MODELS_KEPT ? short : '(other models)';
  return getOrCreate(models, key, () => ({ usage: emptyUsage(), answeredAs: new Set() }));
}
