/**
 * What the display knows of the runs of an experiment: a fold of progress events. Times come from the records, so a run that
 * is watched live and one that is replayed from its logs give the same picture.
 */
import type { ProgressEvent, StartedRun } from '../../experiment.ts';
import type { LogRecord, RunStatus, StepStatus } from '../../schema.ts';

export type StepState = StepStatus | 'waiting' | 'running' | 'backoff' | 'not_reached';

export interface StepView {
  readonly step: number;
  readonly name: string;
  state: StepState;
  attempt: number;
  startedAt: number | null;
  endedAt: number | null;
  calls: number;
  /** Calls that have begun and not ended. */
  openCalls: number;
  tokensIn: number;
  tokensOut: number;
  /** Calls that told no tokens: the sums are then lower bounds. */
  callsWithoutTokens: number;
  metered: boolean;
  /** Milliseconds since the epoch; while it waits for its next attempt. */
  retryAt: number | null;
  /** What it built is being checked; that comes after the step's own end. */
  validating: boolean;
}

export interface RunView {
  readonly run: StartedRun;
  readonly steps: StepView[];
  /** What the run does outside its steps. */
  phase: 'preparing' | 'steps' | 'stopping' | 'sealing' | 'done';
  status: RunStatus;
  startedAt: number | null;
  /** When it had stopped; sealing comes after. */
  endedAt: number | null;
}

/** The runs that have started, in the order in which they did. */
export type ExperimentView = RunView[];

/** Takes one event into the view; returns the run that it concerns. */
export function applyEvent(view: ExperimentView, event: ProgressEvent): RunView {
  const known = view.find((other) => other.run.runId === event.run.runId);
  const run = known ?? newRun(event.run);
  if (known === undefined) view.push(run);
  switch (event.type) {
    case 'run_started':
      break;
    case 'record':
      applyRecord(run, event.record);
      break;
    case 'sealing':
      // The record `run_end` says so, and in its place among the others.
      break;
    case 'run_finished':
      run.phase = 'done';
      run.status = event.result.status;
      run.endedAt ??= (run.startedAt ?? Date.now()) + event.result.durationSeconds * 1000;
      break;
    default:
      event satisfies never;
  }
  return run;
}

function newRun(run: StartedRun): RunView {
  const steps = run.steps.map(({ step, name }): StepView => ({
    step,
    name,
    state: 'waiting',
    attempt: 0,
    startedAt: null,
    endedAt: null,
    calls: 0,
    openCalls: 0,
    tokensIn: 0,
    tokensOut: 0,
    callsWithoutTokens: 0,
    metered: false,
    retryAt: null,
    validating: false,
  }));
  return { run, steps, phase: 'preparing', status: 'running', startedAt: null, endedAt: null };
}

function applyRecord(run: RunView, record: LogRecord): void {
  const at = Date.parse(record.timestamp);
  run.startedAt ??= at;
  const step = record.step === null ? undefined : run.steps.find((view) => view.step === record.step);
  if (step === undefined) applyToRun(run, record, at);
  else applyToStep(step, record, at);
}

function applyToRun(run: RunView, { event, metadata }: LogRecord, at: number): void {
  if (event === 'phase_start') {
    if (metadata['phase'] === 'steps') run.phase = 'steps';
    else if (metadata['phase'] === 'stop') run.phase = 'stopping';
  } else if (event === 'run_end') {
    run.phase = 'sealing';
    run.endedAt = at;
    for (const step of run.steps) {
      step.validating = false;
      if (step.state === 'waiting') step.state = 'not_reached';
    }
  }
}

function applyToStep(step: StepView, { event, metadata, attempt }: LogRecord, at: number): void {
  switch (event) {
    case 'step_start':
      step.state = 'running';
      step.startedAt = at;
      break;
    case 'attempt_start':
      step.state = 'running';
      step.attempt = attempt ?? step.attempt + 1;
      step.metered = metadata['metered'] === true;
      break;
    case 'retry_scheduled':
      step.state = 'backoff';
      step.retryAt = typeof metadata['backoff_seconds'] === 'number' ? at + metadata['backoff_seconds'] * 1000 : null;
      break;
    case 'llm_call_start':
      step.openCalls += 1;
      break;
    case 'llm_call': {
      step.openCalls = Math.max(0, step.openCalls - 1);
      step.calls += 1;
      const [input, output] = [metadata['gen_ai.usage.input_tokens'], metadata['gen_ai.usage.output_tokens']];
      if (typeof input === 'number') step.tokensIn += input;
      if (typeof output === 'number') step.tokensOut += output;
      if (typeof input !== 'number' || typeof output !== 'number') step.callsWithoutTokens += 1;
      break;
    }
    case 'artifact_check':
    case 'app_start':
      step.validating = true;
      break;
    case 'validation_end':
    case 'validation_error':
      step.validating = false;
      break;
    case 'step_end':
      step.state = (metadata['status'] as StepStatus | undefined) ?? 'failed';
      step.endedAt = at;
      break;
    default:
      break;
  }
}

/** Seconds a step has taken up to its end, or up to `now`; null before it began. */
export function stepSeconds(step: StepView, now: number): number | null {
  return step.startedAt === null ? null : Math.max(0, ((step.endedAt ?? now) - step.startedAt) / 1000);
}

/** Seconds a run has taken up to its end, or up to `now`; null before it began. */
export function runSeconds(run: RunView, now: number): number | null {
  return run.startedAt === null ? null : Math.max(0, ((run.endedAt ?? now) - run.startedAt) / 1000);
}
