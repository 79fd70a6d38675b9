/** Why a run did not succeed: cause, last output lines, and the log file to read. */
import type { AttemptSummary, FailureReason, FailureSummary, RunSummary, StepSummary } from '../../schema/index.ts';
import { LOGS_DIR, logFileOf, RUN_LOG } from '../../store/index.ts';
import type { FoldState } from './state.ts';

const CAUSE_BY_REASON: Record<FailureReason, string> = {
  framework_failed: 'the framework reported failure',
  exit_code: 'the framework ended with an exit code other than 0',
  signal: 'the framework was ended by a signal',
  time_limit: 'the time limit was exceeded',
  no_changes: 'no file of the workspace was added or changed',
  artifacts: 'the artefact checks failed',
  budget_exceeded: 'the budget was used up',
  interrupted: 'the run was interrupted',
  internal: 'stepwell itself failed',
};

type FailureInput = Pick<RunSummary, 'status' | 'failing_phase' | 'failing_step' | 'error' | 'recovered'> & {
  readonly steps: readonly StepSummary[];
};

/** Null for a run that succeeded or is not over. */
export function failureSummary(state: FoldState, summary: FailureInput): FailureSummary | null {
  if (summary.status === 'success' || summary.status === 'running') return null;
  const step = failingStep(summary);
  const attempt = step?.attempts.at(-1) ?? null;
  return {
    phase: summary.failing_phase,
    step: step?.step ?? null,
    attempt: attempt?.attempt ?? null,
    cause: causeOf(summary, attempt),
    last_lines: [...lastLines(state, step)],
    log_file: logFile(state, step),
  };
}

/** The step named by the runner; after a crash, the step that was running. */
function failingStep(summary: FailureInput): StepSummary | null {
  const named = summary.steps.find((step) => step.step === summary.failing_step);
  return named ?? summary.steps.find((step) => step.status === 'crashed') ?? null;
}

function causeOf(summary: FailureInput, attempt: AttemptSummary | null): string {
  if (summary.error !== null && summary.error.message !== '') return summary.error.message;
  if (summary.recovered !== null) return summary.recovered.reason;
  if (attempt !== null && attempt.reason !== null) return CAUSE_BY_REASON[attempt.reason];
  return summary.status === 'interrupted' ? CAUSE_BY_REASON.interrupted : 'unknown';
}

function lastLines(state: FoldState, step: StepSummary | null): readonly string[] {
  const key = step?.step ?? null;
  const kept = state.failedOutput.get(key);
  if (kept !== undefined) return kept;
  if (state.output.step === key && state.output.lines.length > 0) return state.output.lines;
  return key === null ? [] : (state.steps.get(key)?.validation.appOutput ?? []);
}

function logFile(state: FoldState, step: StepSummary | null): string | null {
  const ofStep = step === null ? [] : ['adapter', 'orchestrator'].map((name) => `${LOGS_DIR}/${logFileOf(name, step.step)}`);
  return [...ofStep, RUN_LOG].find((file) => state.files.has(file)) ?? null;
}
