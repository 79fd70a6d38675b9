/** The result of reconciling: for people a block for each run and a last line for several, for programs JSON. */
import { sanitizeJson } from '../../terminal/index.ts';
import type { RunReconciliation, WatchRound } from '../../reconcile/index.ts';
import type { ReconciliationSummary } from '../../schema/index.ts';
import { comparisonFigures, costText, differencePercent, fact, facts, sharedText, stepsResolvedAs } from '../../summary/index.ts';
import { formatCount, pluralizeGrouped, pluralForm, formatUtc } from '../../format/index.ts';
import { blockLines, sentence } from './document.ts';
import { headLines, nextLines, stateText, type Saying } from './reconcile-words.ts';

/** `baseline/…  verified, …`, why, the three columns where there is a reading, and what to do next. */
export function resultBlock(run: RunReconciliation, saying: Saying, { verbose }: { verbose: boolean }): string[] {
  return [
    ...headLines(run, saying),
    ...sentence(run.reason, saying),
    ...(run.summary === null ? [] : comparisonLines(run.summary, saying, { verbose, isOld: run.action !== 'read' })),
    ...nextLines(run, saying),
  ];
}

/** @param isOld nothing was read just now: the figures are of an earlier reading */
function comparisonLines(
  summary: ReconciliationSummary,
  saying: Saying,
  { verbose, isOld }: { verbose: boolean; isOld: boolean },
): string[] {
  const { comparison, settings, last_reading: reading } = summary;
  if (comparison === null) return [];
  const within = saying.paint(comparison.within_threshold ? 'green' : 'red', comparison.within_threshold ? 'within' : 'outside');
  const notResolvable = verbose ? stepsResolvedAs('not_resolvable', summary.steps) : null;
  return [
    ...(isOld && reading !== null ? [`  as of ${formatUtc(reading.fetched_at)} UTC:`] : []),
    ...blockLines(comparisonFigures(comparison, 'Proxy, all'), saying),
    `  largest difference ${differencePercent(comparison, settings.threshold_percent)}, ${within} the threshold of ${settings.threshold_percent}%`,
    ...blockLines(
      facts(
        fact('Bound', sharedText(summary), { under: 'inset' }),
        ...comparison.explanations.map((text) => fact('Could explain it', text, { under: 'inset' })),
        fact('Cost', verbose ? costText(summary) : null, { under: 'inset' }),
      ),
      saying,
    ),
    ...(notResolvable === null
      ? []
      : sentence(`steps not resolvable at the provider’s granularity of one minute: ${notResolvable}`, saying)),
  ];
}

/** Runs that were left out: one line each, the settled ones only counted. */
export function skippedLines(skipped: readonly RunReconciliation[], saying: Saying, { verbose }: { verbose: boolean }): string[] {
  const shown = skipped.filter(({ settled }) => verbose || !settled);
  const lines = shown.flatMap((run) => [...headLines(run, saying), ...sentence(run.reason, saying), ...nextLines(run, saying)]);
  const hidden = skipped.length - shown.length;
  if (hidden > 0)
    lines.push(
      `${pluralizeGrouped(hidden, 'run')} ${pluralForm(hidden, 'is', 'are')} settled and ${pluralForm(hidden, 'was', 'were')} not read again.`,
    );
  return lines;
}

/** `3 runs read: 2 verified, 1 mismatch`; empty for a single one. */
export function totalLine(asked: readonly RunReconciliation[]): string[] {
  if (asked.length < 2) return [];
  return [`${pluralizeGrouped(asked.length, 'run')} read: ${stateCounts(asked)}`];
}

/** `2 verified, 1 mismatch`, the most frequent first. */
export function stateCounts(runs: readonly RunReconciliation[]): string {
  const counts = new Map<string, number>();
  for (const run of runs) counts.set(stateText(run), (counts.get(stateText(run)) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([state, number]) => `${formatCount(number)} ${state}`)
    .join(', ');
}

// For programs: fields are only ever added.

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
