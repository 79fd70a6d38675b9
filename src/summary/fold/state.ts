/** What the fold keeps while it reads. Bounded by steps, attempts, log files and writers, never by the number of records. */
import type { EventMetadata, EventName, LogRecord, Phase, RunSummary } from '../../schema.ts';
import type { SeqCoverage } from '../../store.ts';
import { emptyContinuity, type Continuity, type ContinuityState } from './continuity.ts';
import { emptyOutput, type OutputState } from './output.ts';
import { emptyPhases, type PhasesState } from './phases.ts';
import { cut, emptyProblems, type ProblemState } from './problems.ts';
import { emptyUsage, type UsageState } from './usage.ts';

const MODELS_KEPT = 50;
export const MODEL_LENGTH = 100;

/** An event's metadata with the record that carried it. */
interface Recorded<E extends EventName> {
  readonly metadata: EventMetadata<E>;
  readonly record: LogRecord;
}

export interface AttemptState {
  readonly attempt: number;
  readonly usage: UsageState;
  readonly phases: PhasesState;
  start: Recorded<'attempt_start'> | null;
  end: Recorded<'attempt_end'> | null;
  leftovers: number | null;
  backoffSeconds: number | null;
}

export interface ValidationState {
  end: EventMetadata<'validation_end'> | null;
  continuity: Continuity | null;
  failures: string[];
  appOutput: string[];
}

export interface StepState {
  readonly step: number;
  readonly usage: UsageState;
  /** Of all attempts together. */
  readonly phases: PhasesState;
  readonly attempts: Map<number, AttemptState>;
  /** Records of any kind. */
  records: number;
  start: Recorded<'step_start'> | null;
  end: Recorded<'step_end'> | null;
  hitl: number;
  errors: number;
  warnings: number;
  validation: ValidationState;
  /** Unix milliseconds; while it waits for its next attempt. */
  retryAt: number | null;
  /** What it built is being checked; that begins in its last attempt and goes on after its own end. */
  validating: boolean;
}

interface FileState {
  lines: number;
  damaged: number;
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

export interface FoldState {
  runId: string | null;
  framework: string | null;
  start: Recorded<'run_start'> | null;
  end: Recorded<'run_end'> | null;
  recovered: EventMetadata<'run_recovered'> | null;
  commit: string | null;
  lastRecordAt: string | null;
  /** Of the records of the run's own process: those of a recovery may be days later. */
  lastOwnRecordAt: string | null;
  readonly phases: Map<Phase, EventMetadata<'phase_end'> | null>;
  readonly steps: Map<number, StepState>;
  /** Of the whole run. */
  readonly usage: UsageState;
  /** Of it, what was called while no attempt was going on. */
  readonly outside: UsageState;
  /** Of ended calls; those without an end join at the end of the fold. */
  readonly models: Map<string, ModelState>;
  /** By call id. */
  readonly openCalls: Map<string, OpenCall>;
  readonly onCallEnd: ((call: RecordedCall) => void) | null;
  prices: EventMetadata<'prices_loaded'> | null;
  readonly continuity: ContinuityState;
  readonly output: OutputState;
  /** Last lines of what failed, by step; key null is outside steps. */
  readonly failedOutput: Map<number | null, readonly string[]>;
  readonly errors: ProblemState;
  readonly warnings: ProblemState;
  readonly damaged: RunSummary['damaged'];
  readonly malformed: RunSummary['malformed'];
  readonly torn: RunSummary['torn'];
  readonly dropped: RunSummary['dropped'];
  readonly hitl: RunSummary['hitl'];
  readonly writers: Map<string, SeqCoverage>;
  readonly files: Map<string, FileState>;
  validationSeconds: number | null;
  lateRecords: number;
  truncatedRecords: number;
}

export function emptyState(onCallEnd: FoldState['onCallEnd'] = null): FoldState {
  return {
    runId: null,
    framework: null,
    start: null,
    end: null,
    recovered: null,
    commit: null,
    lastRecordAt: null,
    lastOwnRecordAt: null,
    phases: new Map(),
    steps: new Map(),
    usage: emptyUsage(),
    outside: emptyUsage(),
    models: new Map(),
    openCalls: new Map(),
    onCallEnd,
    prices: null,
    continuity: emptyContinuity(),
    output: emptyOutput(),
    failedOutput: new Map(),
    errors: emptyProblems(),
    warnings: emptyProblems(),
    damaged: { count: 0, bytes: 0, first: [] },
    malformed: { count: 0, first: [] },
    torn: { count: 0, bytes: 0 },
    dropped: { count: 0, bytes: 0 },
    hitl: { count: 0, first: [] },
    writers: new Map(),
    files: new Map(),
    validationSeconds: null,
    lateRecords: 0,
    truncatedRecords: 0,
  };
}

export function stepOf(state: FoldState, step: number): StepState {
  let found = state.steps.get(step);
  if (found === undefined) {
    found = emptyStep(step);
    state.steps.set(step, found);
  }
  return found;
}

export function emptyStep(step: number): StepState {
  return {
    step,
    usage: emptyUsage(),
    phases: emptyPhases(),
    attempts: new Map(),
    records: 0,
    start: null,
    end: null,
    hitl: 0,
    errors: 0,
    warnings: 0,
    validation: emptyValidation(),
    retryAt: null,
    validating: false,
  };
}

export function attemptOf(step: StepState, attempt: number): AttemptState {
  let found = step.attempts.get(attempt);
  if (found === undefined) {
    found = {
      attempt,
      usage: emptyUsage(),
      phases: emptyPhases(),
      start: null,
      end: null,
      leftovers: null,
      backoffSeconds: null,
    };
    step.attempts.set(attempt, found);
  }
  return found;
}

/** The model asked for, else the one that answered. */
export function modelOf(models: Map<string, ModelState>, name: string | null): ModelState {
  const short = cut(name ?? 'unknown', MODEL_LENGTH);
  // Names come from requests and answers: however many are made up, the summary stays small.
  const key = models.has(short) || models.size < MODELS_KEPT ? short : '(other models)';
  let found = models.get(key);
  if (found === undefined) {
    found = { usage: emptyUsage(), answeredAs: new Set() };
    models.set(key, found);
  }
  return found;
}

export function emptyValidation(): ValidationState {
  return { end: null, continuity: null, failures: [], appOutput: [] };
}
