/** Results of `stepwell reconcile --json`, for programs. Fields are only ever added. */
import type { RunReconciliation, WatchRound } from '../reconcile.ts';
import { sanitizeJson } from '../terminal.ts';

/** One document for all runs. */
export function resultsDocument(results: readonly RunReconciliation[]): string {
  return sanitizeJson({ results: results.map(resultFacts) });
}

/** From `--watch`: a line for each reading as it is there. */
export function resultJsonLine(result: RunReconciliation): string {
  return sanitizeJson({ type: 'result', ...resultFacts(result) });
}

/** From `--watch`: a line for each round. */
export function roundJsonLine({ round, results, settled, nextRoundAt }: WatchRound): string {
  return sanitizeJson({ type: 'round', round, runs: results.length, settled, next_round_at: nextRoundAt });
}

function resultFacts(result: RunReconciliation): Record<string, unknown> {
  return {
    framework: result.framework,
    run_id: result.runId,
    run_dir: result.runDir,
    action: result.action,
    state: result.state,
    reason: result.reason,
    code: result.code,
    fix: result.fix,
    age_minutes: result.ageMinutes,
    settled: result.settled,
    next_attempt_at: result.nextAttemptAt,
    reconciliation: result.summary,
  };
}
