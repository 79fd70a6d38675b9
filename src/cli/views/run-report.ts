/** The report at the end of `run`: how its runs ended, what failed, where the records are, which commands show more. */
import { compareRuns, findRun, openRun, type CatalogRun } from '../../catalog/index.ts';
import type { ExperimentResult, RunResult } from '../../experiment/index.ts';
import { headLines } from '../../summary/index.ts';
import { calledAs } from '../called-as.ts';
import { type Paint, cut, sanitizeJson, sanitizeLine, styleOf } from '../../terminal/index.ts';
import { formatBytes, pluralizeGrouped, pluralForm } from '../../format/index.ts';
import { comparisonText } from './comparison.ts';
import { columnsOf } from '../output.ts';
import { summaryOf, type RunFacts } from './run-facts.ts';
import { runTable } from './run-table.ts';
import { whenText } from './reconcile-words.ts';
import { runsDirFlag, shownPath } from '../runs-dir.ts';

const MAX_FAILURES_SHOWN = 5;

interface ReportedRun extends RunFacts {
  readonly result: RunResult;
  readonly listed: CatalogRun | null;
}

/** For one run the head of its summary; for several a table, a comparison of the frameworks, and a few lines for each failed run. */
export async function runReport({ runs, plan }: ExperimentResult, paint: Paint): Promise<string[]> {
  const ended: ReportedRun[] = [];
  for (const result of runs) ended.push(await reportedRun(result, plan.runsDir));
  const [only] = ended;
  if (only === undefined) return ['No run was started.'];
  const single = plan.runs.length === 1;
  const missed = plan.runs.length - runs.length;
  const worst = ended.find(({ result }) => result.status !== 'success') ?? only;
  const listed = ended.flatMap((run) => run.listed ?? []);
  const failures = ended.map((run) => failureLines(run, single, paint)).filter((lines) => lines.length > 0);
  return [
    ...(single ? headOf(only, paint) : runTable(listed, paint)),
    ...(await comparisonOf(listed)),
    ...(missed > 0
      ? ['', `${pluralizeGrouped(missed, 'run')} of ${plan.runs.length} ${pluralForm(missed, 'was', 'were')} not started.`]
      : []),
    ...failures.slice(0, MAX_FAILURES_SHOWN).flatMap((lines) => ['', ...lines]),
    ...(failures.length > MAX_FAILURES_SHOWN ? ['', `… and ${failures.length - MAX_FAILURES_SHOWN} more failed.`] : []),
    '',
    ...(single ? placeOf(only.result) : [`Records: ${shownPath(plan.runsDir)}`]),
    '',
    'Next:',
    ...nextCommands(worst, plan.runsDir).map((command) => `  ${paint('cyan', command)}`),
    ...(await reconcileLines(ended, plan.runsDir, paint)),
  ];
}

/** Only of these runs, and only where there is something to compare. */
async function comparisonOf(runs: readonly CatalogRun[]): Promise<string[]> {
  const several = new Set(runs.map(({ entry }) => entry.framework)).size > 1;
  return several ? ['', ...comparisonText(await compareRuns(runs), columnsOf(process.stdout))] : [];
}

/** From when the runs can be reconciled, and the command; empty if no run has calls that a provider bills. */
async function reconcileLines(ended: readonly ReportedRun[], runsDir: string, paint: Paint): Promise<string[]> {
  const last = ended.findLast(({ listed }) => listed?.entry.verification_status === 'pending');
  if (last === undefined) return [];
  const { listReconciliations } = await import('../../reconcile/index.ts');
  const run = `${last.result.framework}/${last.result.runId}`;
  // Without the environment: it does not change when the first reading is due, and a mistake in it must not fail the run.
  const [reconciliation] = await listReconciliations({ runsDir, run, all: true, env: {} });
  const at = reconciliation?.nextAttemptAt ?? null;
  if (at === null) return [];
  const now = new Date();
  const compare = Date.parse(at) <= now.getTime() ? 'Compare' : `From ${whenText(at, now).replace(',', ' on,')}, compare`;
  return ['', `${compare} with the provider’s usage:`, `  ${paint('cyan', `${calledAs()} reconcile${runsDirFlag(runsDir)}`)}`];
}

async function reportedRun(result: RunResult, runsDir: string): Promise<ReportedRun> {
  const found = await findRun(runsDir, `${result.framework}/${result.runId}`);
  await using source = await openRun(found);
  return { result, listed: found.kind === 'directory' ? found : null, ...(await summaryOf(found, source)) };
}

/** The summary's first section. It names what failed. */
function headOf({ summary }: ReportedRun, paint: Paint): string[] {
  return headLines(summary)
    .map(sanitizeLine)
    .map((line) => (/^(Status|Cause):/.test(line) ? paint(styleOf(summary.status), line) : line));
}

/** The last output of a run that failed, and what is missing from its record. */
function failureLines({ result, summary }: ReportedRun, single: boolean, paint: Paint): string[] {
  const { failure } = summary;
  const lines: string[] = [];
  if (!single && failure !== null) lines.push(`  ${sanitizeLine(failure.cause)}`);
  if (failure !== null && failure.last_lines.length > 0) {
    lines.push('Last lines of output:', ...failure.last_lines.map((line) => paint('dim', `  | ${cut(sanitizeLine(line), 74)}`)));
  }
  if (result.record === 'incomplete') {
    lines.push(paint('red', 'The record is incomplete:'), ...result.problems.map((problem) => `  ${sanitizeLine(problem)}`));
  }
  if (single || lines.length === 0) return lines;
  return [paint(styleOf(result.status), sanitizeLine(`${result.framework}/${result.runId}`)), ...lines];
}

function placeOf({ runDir, archive }: RunResult): string[] {
  const record = `Record: ${shownPath(runDir)}`;
  return archive === null
    ? [record]
    : [record, `Archive: ${archive.name}, ${formatBytes(archive.bytes)}, verified by reading it back`];
}

function nextCommands({ result, summary }: ReportedRun, runsDir: string): string[] {
  const name = result.runId;
  const step = summary.failure?.step ?? null;
  const ofStep = step === null ? '' : ` --step ${step}`;
  const commands =
    result.status === 'success' ? [`show ${name}`] : [`logs ${name}${ofStep} --level warn`, `logs ${name}${ofStep}`];
  return [...commands, `summary ${name}`, `verify ${name}`].map((command) => `${calledAs()} ${command}${runsDirFlag(runsDir)}`);
}

/** A run that is done as a line of `run --json`, for programs. Fields are only ever added. */
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
