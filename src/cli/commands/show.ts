/** `stepwell show`: one run, with lines and bytes of each log. */
import { findRun, openRun, type CatalogRun, type FoundRun } from '../../catalog.ts';
import { ExitCode } from '../../errors.ts';
import type { RunSummary } from '../../schema.ts';
import { claimLine, differencePercent, runNotes, totalCost } from '../../summary.ts';
import { paintFor, sanitizeJson, sanitizeLine, styleOf, wrap } from '../../terminal.ts';
import { bytes, count, DASH, duration, nanoUsd, plural, stepNumber, utc } from '../../format.ts';
import { table } from '../views/table.ts';
import { print } from '../output.ts';
import { summaryOf, type RunFacts } from '../views/run-facts.ts';
import { shownStatus } from '../views/run-table.ts';
import { runsDirOf, shownPath, type CommonOptions } from '../runs-dir.ts';

/** What stands beside the labels at 80 columns. */
const SENTENCE_COLUMNS = 69;
const SENTENCE_LINES = 6;

interface ShowOptions extends CommonOptions {
  readonly json?: boolean;
}

export async function run([name = '']: readonly string[], options: ShowOptions): Promise<number> {
  const found = await findRun(runsDirOf(options), name);
  await using source = await openRun(found);
  const facts = await summaryOf(found, source);
  const listed = found.kind === 'directory' ? found : null;
  if (options.json === true) {
    const { kind: _, ...entry } = listed ?? { kind: '', entry: null, state: null, dir: null };
    await print(sanitizeJson({ ...entry, location: source.location, ...facts }));
    return ExitCode.ok;
  }
  const status = listed === null ? facts.summary.status : shownStatus(listed);
  const paint = paintFor(process.stdout);
  for (const [label, text] of headOf(found, facts, listed)) {
    const style =
      label === 'Status' ? status : label === 'Reconciled' ? facts.summary.reconciliation?.verification_status : undefined;
    // Sentences are folded; paths and commands stay whole.
    const lines = label === 'Reconciled' || label === 'Note' ? wrap(text, SENTENCE_COLUMNS, SENTENCE_LINES) : [text];
    for (const [index, line] of lines.entries()) {
      const shown = style === undefined ? line : paint(styleOf(style), line);
      await print(`${paint('dim', (index === 0 ? label : '').padEnd(10))} ${shown}`);
    }
  }
  await print('', ...logTable(facts.summary));
  return ExitCode.ok;
}

/** From the logs where they tell it, else from the index: a run of the original says little in its logs. */
function headOf(found: FoundRun, { summary, archive }: RunFacts, listed: CatalogRun | null): [string, string][] {
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
  const lines: [string, string | null][] = [
    ['Run', `${summary.framework ?? entry?.framework ?? DASH}/${summary.run_id ?? entry?.run_id ?? DASH}`],
    ['Status', status === null ? null : status.replace('_', ' ')],
    ['Cause', summary.failure?.cause ?? null],
    [
      'Model',
      model === null ? DASH : `${model}${(summary.rehearsal ?? entry?.rehearsal) === true ? ' (scripted, no model’s work)' : ''}`,
    ],
    ['Replay', replayOf === null ? null : `of ${replayOf}: recorded answers, no model was asked`],
    ['Started', utc(summary.started_at ?? entry?.start_time, DASH)],
    ['Ended', utc(summary.ended_at ?? entry?.end_time, DASH)],
    ['Duration', duration(summary.duration_seconds ?? entry?.duration_seconds, DASH)],
    ['Steps', steps[1] === null ? DASH : `${count(steps[0], DASH)} of ${count(steps[1], DASH)} succeeded`],
    ['Calls', count(calls, DASH)],
    ['Tokens', `${count(tokensIn, DASH)} in, ${count(tokensOut, DASH)} out`],
    ['Claimed', told ? claimLine(summary.claimed_usage, usage.unmetered_attempts === 0) : null],
    ['Cost', told ? totalCost(summary) : dollarsOf(entry?.cost_usd ?? null)],
    ...(told ? runNotes(summary).map((note): [string, string] => ['Note', note]) : []),
    ['Provider', providerOf(summary)],
    ['Reconciled', reconciledOf(summary)],
    [
      'Problems',
      `${count(summary.errors.count)} ${plural(summary.errors.count, 'error')}, ${count(summary.warnings.count)} ${plural(summary.warnings.count, 'warning')}`,
    ],
    ['Damage', damageOf(summary)],
    ['Archive', archive === null ? 'none' : `${archive.name}, ${bytes(archive.bytes)}, SHA-256 ${archive.sha256.slice(0, 12)}…`],
    ['Place', shownPath(found.kind === 'archive' ? found.archive : found.dir)],
  ];
  return lines.flatMap(([label, text]) => (text === null ? [] : [[label, sanitizeLine(text)] as [string, string]]));
}

function dollarsOf(usd: number | null): string | null {
  return usd === null ? null : nanoUsd(Math.round(usd * 1e9));
}

/** Null before the first reading. */
function providerOf({ reconciliation }: RunSummary): string | null {
  const comparison = reconciliation?.comparison ?? null;
  const total = comparison?.provider ?? reconciliation?.last_reading?.total ?? null;
  if (reconciliation === null || total === null) return null;
  const figures = `${count(total.input_tokens, DASH)} in, ${count(total.output_tokens, DASH)} out`;
  if (comparison === null) return figures;
  const of = comparison.joint_ledger === null ? '' : ', with runs that share its minutes';
  return `${figures}${of}; largest difference ${differencePercent(comparison, reconciliation.settings.threshold_percent)}`;
}

/** Null before the first attempt. */
function reconciledOf({ reconciliation }: RunSummary): string | null {
  if (reconciliation === null) return null;
  const { verification_status, verification_message, last_attempt_at } = reconciliation;
  return `${verification_status.replace('_', ' ')} at ${utc(last_attempt_at)}: ${verification_message}`;
}

function damageOf({ damaged, missing_records, dropped }: RunSummary): string | null {
  const parts = [
    damaged.count > 0 ? `${count(damaged.count)} ${plural(damaged.count, 'damaged line')}` : '',
    missing_records > 0 ? `${count(missing_records)} ${plural(missing_records, 'record')} missing` : '',
    dropped.count > 0 ? `${count(dropped.count)} ${plural(dropped.count, 'line')} given up on a full disk` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? null : parts.join(', ');
}

function logTable({ log_files, log_lines, log_bytes }: RunSummary): string[] {
  const rows = log_files.map(({ step, component, lines, bytes: size }) => [
    step === null ? DASH : stepNumber(step),
    sanitizeLine(component),
    count(lines, DASH),
    bytes(size, DASH),
  ]);
  return table(
    [{ title: 'STEP' }, { title: 'COMPONENT', most: 32 }, { title: 'LINES', align: 'right' }, { title: 'SIZE', align: 'right' }],
    [...rows, ['all', '', count(log_lines, DASH), bytes(log_bytes, DASH)]],
  );
}
