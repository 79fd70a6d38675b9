/** The lines of `stepwell run --json`, for programs. Fields are only ever added. */
import type { ExperimentPlan, RunResult } from '../experiment.ts';
import { sanitizeJson } from '../terminal.ts';

/** Once, when every check has passed and the first run has begun. */
export function launchLine(plan: ExperimentPlan): string {
  return sanitizeJson({ type: 'launch', pid: process.pid, ...planFacts(plan) });
}

/** Once for each run, when its record is sealed. */
export function doneLine(result: RunResult): string {
  return sanitizeJson({
    type: 'done',
    run_id: result.runId,
    framework: result.framework,
    round: result.round,
    status: result.status,
    record: result.record,
    problems: result.problems,
    duration_seconds: result.durationSeconds,
    run_dir: result.runDir,
    archive: result.archive,
  });
}

export function planFacts(plan: ExperimentPlan): Record<string, unknown> {
  return {
    config: plan.configFile,
    runs_dir: plan.runsDir,
    model: plan.model,
    rehearsal: plan.rehearsal,
    replay_of: plan.replayOf,
    record: plan.record,
    jobs: plan.jobs,
    steps: plan.steps.map(({ step, name }) => ({ step, name })),
    runs: plan.runs,
    left_out: plan.leftOut,
  };
}
