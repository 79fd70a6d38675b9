/** `stepwell show`: one run, with lines and bytes of each log. */
import { findRun, openRun, type CatalogRun, type FoundRun } from '../../catalog/index.ts';
import { ExitCode } from '../../errors/index.ts';
import type { RunSummary } from '../../schema/index.ts';
import {
  claimText,
  differencePercent,
  fact,
  facts,
  runNotes,
  totalCost,
  type ReportBlockOf,
  type Fact,
} from '../../summary/index.ts';
import { paintFor, sanitizeJson, sanitizeLine } from '../../terminal/index.ts';
import {
  formatBytes,
  formatCount,
  pluralizeGrouped,
  DASH,
  formatDuration,
  formatNanoUsd,
  formatStep,
  formatUtc,
} from '../../format/index.ts';
import { blockLines } from '../views/document.ts';
import { table } from '../views/table.ts';
import { print } from '../output.ts';
import { summaryOf, type RunFacts } from '../views/run-facts.ts';
import { shownStatus } from '../views/run-table.ts';
import { runsDirOf, shownPath, type CommonOptions } from '../runs-dir.ts';

const COLUMNS = 80;
const SENTENCE_LINES = 6;

interface ShowOptions extends CommonOptions {
  readonly json?: boolean;
}

export async function run([name = '']: readonly string[], options: ShowOptions): Promise<number> {
  const found = await findRun(runsDirOf(options), name);
  await using source = await openRun(found);
  const shown = await summaryOf(found, source);
  const listed = found.kind === 'directory' ? found : null;
  if (options.json === true) {
    const { kind: _, ...entry } = listed ?? { kind: '', entry: null, state: null, dir: null };
    await print(sanitizeJson({ ...entry, location: source.location, ...shown }));
    return ExitCode.ok;
  }
  const terminal = { paint: paintFor(process.stdout), columns: COLUMNS };
  await print(...blockLines(headOf(found, shown, listed), terminal));
  await print('', ...logTable(shown.summary));
  return ExitCode.ok;
}

/** From the logs where they tell it, else from the index: a run of the original says little in its logs. */
function headOf(found: FoundRun, { summary, archive }: RunFacts, listed: CatalogRun | null): ReportBlockOf<'facts'> {
  const entry = listed?.entry ?? null;
  const status = listed === null ? summary.status : shownStatus(listed);
  const model = summary.model ?? entry?.model ?? null;
  const succeeded = entry?.steps_succeeded ?? summary.steps_succeeded;
  const steps =
    summary.steps_total === null
      ? [entry?.steps_succeeded ?? null, entry?.steps_total ?? null]
      : [succeeded, summary.steps_total];
  const replayOf = summary.replay_of ?? entry?.replay_of ?? null;
  const { usage } = summary;
  const told = summary.steps_total !== null;
  const calls = told ? usage.api_calls : (entry?.total_api_calls ?? null);
  const [tokensIn, tokensOut] = told ? [usage.tokens_in, usage.tokens_out] : [entry?.total_tokens_in, entry?.total_tokens_out];
  return facts(
    fact('Run', `${summary.framework ?? entry?.framework ?? DASH}/${summary.run_id ?? entry?.run_id ?? DASH}`),
    fact('Status', status === null ? null : status.replace('_', ' '), status === null ? {} : { status }),
    fact('Cause', summary.failure?.cause ?? null),
    fact(
      'Model',
      model === null ? DASH : `${model}${(summary.rehearsal ?? entry?.rehearsal) === true ? ' (scripted offline model)' : ''}`,
    ),
    fact('Replay', replayOf === null ? null : `of ${replayOf}: answered from a cassette, no model called`),
    fact('Started', formatUtc(summary.started_at ?? entry?.start_time, DASH)),
    fact('Ended', formatUtc(summary.ended_at ?? entry?.end_time, DASH)),
    fact('Duration', formatDuration(summary.duration_seconds ?? entry?.duration_seconds, DASH)),
    fact('Steps', steps[1] === null ? DASH : `${formatCount(steps[0], DASH)} of ${formatCount(steps[1], DASH)} succeeded`),
    fact('Calls', formatCount(calls, DASH)),
    fact('Tokens', `${formatCount(tokensIn, DASH)} in, ${formatCount(tokensOut, DASH)} out`),
    fact('Claimed', told ? claimText(summary) : null),
    fact('Cost', told ? totalCost(summary) : dollarsOf(entry?.cost_usd ?? null)),
    ...(told ? runNotes(summary) : []).map((text) => fact('Note', text, { lines: SENTENCE_LINES })),
    fact('Provider', providerOf(summary)),
    reconciledFact(summary),
    fact(
      'Problems',
      `${pluralizeGrouped(summary.errors.count, 'error')}, ${pluralizeGrouped(summary.warnings.count, 'warning')}`,
    ),
    fact('Damage', damageOf(summary)),
    fact(
      'Archive',
      archive === null ? 'none' : `${archive.name}, ${formatBytes(archive.bytes)}, SHA-256 ${archive.sha256.slice(0, 12)}…`,
    ),
    fact('Path', shownPath(found.kind === 'archive' ? found.archive : found.dir)),
  );
}

function dollarsOf(usd: number | null): string | null {
  return usd === null ? null : formatNanoUsd(Math.round(usd * 1e9));
}

/** Null before the first reading. */
function providerOf({ reconciliation }: RunSummary): string | null {
  const comparison = reconciliation?.comparison ?? null;
  const total = comparison?.provider ?? reconciliation?.last_reading?.total ?? null;
  if (reconciliation === null || total === null) return null;
  const figures = `${formatCount(total.input_tokens, DASH)} in, ${formatCount(total.output_tokens, DASH)} out`;
  if (comparison === null) return figures;
  const of = comparison.joint_ledger === null ? '' : ', with runs that share its minutes';
  return `${figures}${of}; largest difference ${differencePercent(comparison, reconciliation.settings.threshold_percent)}`;
}

/** Null before the first attempt. */
function reconciledFact({ reconciliation }: RunSummary): Fact | null {
  if (reconciliation === null) return null;
  const { verification_status: status, verification_message: message, last_attempt_at: at } = reconciliation;
  return fact('Reconciled', `${status.replace('_', ' ')} at ${formatUtc(at)}: ${message}`, { lines: SENTENCE_LINES, status });
}

function damageOf({ damaged, missing_records, dropped }: RunSummary): string | null {
  const parts = [
    damaged.count > 0 ? pluralizeGrouped(damaged.count, 'damaged line') : '',
    missing_records > 0 ? `${pluralizeGrouped(missing_records, 'record')} missing` : '',
    dropped.count > 0 ? `${pluralizeGrouped(dropped.count, 'line')} lost (disk full)` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? null : parts.join(', ');
}

function logTable({ log_files, log_lines, log_bytes }: RunSummary): string[] {
  const rows = log_files.map(({ step, component, lines, bytes: size }) => [
    step === null ? DASH : formatStep(step),
    sanitizeLine(component),
    formatCount(lines, DASH),
    formatBytes(size, DASH),
  ]);
  return table(
    [{ title: 'STEP' }, { title: 'COMPONENT', most: 32 }, { title: 'LINES', align: 'right' }, { title: 'SIZE', align: 'right' }],
    [...rows, ['all', '', formatCount(log_lines, DASH), formatBytes(log_bytes, DASH)]],
  );
}
