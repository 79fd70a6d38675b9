/**
 * What the display shows of the runs of an experiment: a selection of their summaries so far. Times come from the records, so a
 * run that is watched live and one that is replayed from its logs give the same picture.
 */
import type { ProgressEvent, RunResult, StartedRun } from '../../experiment/index.ts';
import type { RunStatus, RunSummary, StepSummary, UsageSummary } from '../../schema/index.ts';
import { createRunFold, type RunDetails, type RunFold } from '../../summary/index.ts';

export type StepState = StepSummary['status'] | 'waiting' | 'backoff';

export interface StepView {
  readonly step: number;
  readonly name: string;
  readonly state: StepState;
  /** The last that began; 0 before the first. */
  readonly attempt: number;
  /** False while it runs. */
  readonly attemptSucceeded: boolean;
  /** Unix milliseconds, as all times here. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Null while nothing of the step is recorded. */
  readonly usage: UsageSummary | null;
  /** While it waits for its next attempt. */
  readonly retryAt: number | null;
  /** What it built is being checked; that comes after the step's own end. */
  readonly validating: boolean;
}

export interface RunView {
  readonly run: StartedRun;
  readonly steps: readonly StepView[];
  /** What the run does outside its steps. */
  readonly phase: 'preparing' | 'steps' | 'stopping' | 'sealing' | 'done';
  readonly status: RunStatus;
  readonly startedAt: number | null;
  /** When it had stopped; sealing comes after. */
  readonly endedAt: number | null;
}

interface Followed {
  readonly run: StartedRun;
  readonly fold: RunFold;
  result: RunResult | null;
  /** Made when it is asked for; null when something has come since. */
  view: RunView | null;
}

/** The runs of an experiment that have started. */
export interface ExperimentView {
  /** Takes the next event of a run. */
  push(event: ProgressEvent): void;
  /** In the order in which they started. */
  runs(): readonly RunView[];
  /** One step of a run, without a look at the others; null where there is none. */
  step(runId: string, step: number): StepView | null;
}

export function createExperimentView(): ExperimentView {
  const followed = new Map<string, Followed>();
  const viewOf = (one: Followed): RunView => (one.view ??= select(one));
  return {
    push(event) {
      const { runId } = event.run;
      const one = followed.get(runId) ?? { run: event.run, fold: createRunFold(), result: null, view: null };
      followed.set(runId, one);
      if (event.type === 'record') one.fold.push(event);
      if (event.type === 'run_finished') one.result = event.result;
      one.view = null;
    },
    runs: () => [...followed.values()].map(viewOf),
    step(runId, step) {
      const one = followed.get(runId);
      const planned = one?.run.steps.find(({ step: id }) => id === step);
      if (one === undefined || planned === undefined) return null;
      return stepView(planned, one.fold.step(step), one.fold.status(), one.fold.details());
    },
  };
}

function select({ run, fold, result }: Followed): RunView {
  const summary = fold.snapshot();
  const details = fold.details();
  const recorded = new Map(summary.steps.map((step) => [step.step, step]));
  const startedAt = milliseconds(summary.started_at);
  const known = milliseconds(summary.ended_at);
  const finished = result === null ? null : (startedAt ?? Date.now()) + result.durationSeconds * 1000;
  return {
    run,
    steps: run.steps.map(({ step, name }) => stepView({ step, name }, recorded.get(step) ?? null, summary.status, details)),
    phase: result === null ? phaseOf(summary) : 'done',
    status: result?.status ?? summary.status,
    startedAt,
    endedAt: known ?? finished,
  };
}

function stepView(
  { step, name }: { readonly step: number; readonly name: string },
  recorded: StepSummary | null,
  status: RunStatus,
  { retryAt, validating }: RunDetails,
): StepView {
  const state = recorded?.status ?? 'not_reached';
  const attempt = recorded?.attempts.at(-1) ?? null;
  const isWaiting = state === 'not_reached' && status === 'running';
  return {
    step,
    name,
    state: isWaiting ? 'waiting' : state === 'running' && retryAt.has(step) ? 'backoff' : state,
    attempt: attempt?.attempt ?? 0,
    attemptSucceeded: attempt?.status === 'success',
    startedAt: milliseconds(recorded?.started_at ?? null),
    endedAt: milliseconds(recorded?.ended_at ?? null),
    usage: recorded?.usage ?? null,
    retryAt: retryAt.get(step) ?? null,
    validating: validating.has(step),
  };
}

/** Its record `run_end` says that a run is being sealed, in its place among the others. */
function phaseOf({ ended_at, time }: RunSummary): RunView['phase'] {
  const begun = time.phases.at(-1)?.phase ?? 'prepare';
  if (ended_at !== null || begun === 'seal') return 'sealing';
  return begun === 'prepare' ? 'preparing' : begun === 'stop' ? 'stopping' : 'steps';
}

function milliseconds(timestamp: string | null): number | null {
  return timestamp === null ? null : Date.parse(timestamp);
}

/** Seconds a step has taken up to its end, or up to `now`; null before it began. */
export function stepSeconds(step: StepView, now: number): number | null {
  return step.startedAt === null ? null : Math.max(0, ((step.endedAt ?? now) - step.startedAt) / 1000);
}

/** Seconds a run has taken up to its end, or up to `now`; null before it began. */
export function runSeconds(run: RunView, now: number): number | null {
  return run.startedAt === null ? null : Math.max(0, ((run.endedAt ?? now) - run.startedAt) / 1000);
}
