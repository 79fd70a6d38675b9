/** The summary as GitHub Markdown: the same facts as the text, as tables. */
import type { ArchiveFacts, RunSummary, StepResolution, StepSummary, UsageComparison } from '../schema.ts';
import {
  bytes,
  counted,
  duration,
  figure,
  nanoUsd,
  percentOf,
  secondsOf,
  signed,
  stepNumber,
  tokens,
  UNKNOWN,
} from '../format.ts';
import { computeMetrics } from './metrics.ts';
import { sanitizeForFile } from '../terminal.ts';
import {
  comparedFigures,
  costText,
  differencePercent,
  resolutionText,
  sharedText,
  sourceText,
  stateWord,
} from './reconciliation-words.ts';
import { chooseSteps, statusCounts } from './selection.ts';
import {
  claimLine,
  contentsText,
  totalCost,
  FOREIGN,
  isForeign,
  lastError,
  nextCommand,
  phasesLeftOut,
  phaseWords,
  pricesText,
  runNotes,
  runStatus,
  standIns,
  statusWord,
  stepNotes,
  validationLine,
} from './words.ts';

const STEPS_LISTED = 100;
const TEXT_LENGTH = 200;

/**
 * The summary as Markdown, for a pull request or a report. A pure function of the same facts as {@link renderText}.
 *
 * @param archive Facts of the sealed archive; null prints `not yet sealed`.
 */
export function renderMarkdown(summary: RunSummary, archive: ArchiveFacts | null): string {
  const blocks = [
    `# Run ${inline(summary.run_id ?? UNKNOWN)}: ${statusWord(runStatus(summary))}`,
    ...(isForeign(summary) ? [`**${FOREIGN}**`] : []),
    ...standIns(summary).map((text) => `**${inline(text)}**`),
    table(['Fact', 'Value'], headerRows(summary)),
    ...failureBlocks(summary),
    '## Steps',
    ...stepBlocks(summary),
    // Of another program's run nothing was measured; a 0 would be taken for a measurement.
    ...(isForeign(summary) ? [] : ['## Metrics', table(['Metric', 'Value'], metricRows(summary))]),
    ...reconciliationBlocks(summary),
    ...problemBlocks(summary),
    '## Record',
    table(['Fact', 'Value'], recordRows(summary, archive)),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function headerRows(summary: RunSummary): string[][] {
  const prices = pricesText(summary);
  return [
    ['Framework', inline(summary.framework ?? UNKNOWN)],
    ['Model', inline(summary.model ?? UNKNOWN)],
    ['Started', secondsOf(summary.started_at)],
    ['Completed', runStatus(summary) === 'running' ? 'not yet' : secondsOf(summary.ended_at)],
    ['Duration', duration(summary.duration_seconds)],
    ['Framework commit', inline(summary.framework_commit ?? UNKNOWN)],
    ...(prices === null ? [] : [['Prices', inline(prices)]]),
    ['Stepwell version', inline(summary.stepwell_version ?? UNKNOWN)],
    ...(summary.recovered === null ? [] : [['Recovered', inline(summary.recovered.reason)]]),
  ];
}

function failureBlocks(summary: RunSummary): string[] {
  const { failure } = summary;
  if (failure === null) return [];
  const where = [
    failure.phase === null ? '' : `phase ${failure.phase}`,
    failure.step === null ? '' : `step ${stepNumber(failure.step)}`,
    failure.attempt === null ? '' : `attempt ${failure.attempt}`,
  ].filter((part) => part !== '');
  return [
    '## What went wrong',
    `${inline(failure.cause)}${where.length === 0 ? '' : ` (${where.join(', ')})`}`,
    ...(failure.last_lines.length === 0 ? [] : ['The last lines of output:', code(failure.last_lines)]),
    `Next: ${codeSpan(nextCommand(summary))}`,
  ];
}

function stepBlocks(summary: RunSummary): string[] {
  const listed = chooseSteps(summary.steps, summary.failing_step, STEPS_LISTED, () => 1);
  const shown = summary.steps.filter((step) => listed.has(step.step));
  const left = summary.steps.filter((step) => !listed.has(step.step));
  if (shown.length === 0) return ['No step is recorded.'];
  const columns = [
    'Step',
    'Name',
    'Status',
    'Duration',
    'Retries',
    'API calls',
    'LLM requests',
    'Tokens in / out / total',
    'Validation',
    'Notes',
  ];
  return [
    table(columns, shown.map(stepRow)),
    ...(left.length === 0 ? [] : [`${counted(left.length, 'step')} not listed: ${statusCounts(left)}.`]),
    ...phaseBlocks(shown),
  ];
}

/** Only where frameworks work in phases. */
function phaseBlocks(steps: readonly StepSummary[]): string[] {
  const rows = steps.flatMap((step) => {
    const left = phasesLeftOut(step);
    return [
      ...phaseWords(step).map(({ phase, status, seconds, usage }) => [
        stepNumber(step.step),
        phase === null ? 'outside phases' : inline(phase),
        status,
        phase === null ? '' : duration(seconds),
        figure(usage.api_calls),
        tokens(usage.tokens_in, usage.tokens_out),
        nanoUsd(usage.cost_nano_usd),
      ]),
      ...(left === null ? [] : [[stepNumber(step.step), left, '', '', '', '', '']]),
    ];
  });
  if (rows.length === 0) return [];
  const columns = ['Step', 'Phase', 'Status', 'Duration', 'API calls', 'Tokens in / out / total', 'Cost'];
  return ['### Phases', table(columns, rows)];
}

function stepRow(step: StepSummary): string[] {
  const error = lastError(step);
  const claim = claimLine(step.claimed_usage, step.metered !== false);
  const claimed = claim === null ? [] : [`tokens claimed by the framework: ${claim}`];
  const notes = [...stepNotes(step), ...claimed, ...(error === null ? [] : [error])];
  return [
    stepNumber(step.step),
    inline(step.name ?? ''),
    statusWord(step.status),
    duration(step.duration_seconds),
    step.status === 'unknown' ? UNKNOWN : String(step.retries),
    figure(step.usage.api_calls),
    figure(step.usage.llm_requests),
    tokens(step.usage.tokens_in, step.usage.tokens_out),
    inline(validationLine(step) ?? ''),
    notes.map(inline).join('; '),
  ];
}

function metricRows(summary: RunSummary): string[][] {
  const { aggregate_metrics } = computeMetrics(summary);
  const claim = claimLine(summary.claimed_usage, summary.usage.unmetered_attempts === 0);
  const notes = runNotes(summary);
  return [
    ['Steps completed', `${summary.steps_succeeded}/${figure(summary.steps_total)}`],
    ['Success rate', percentOf(summary.steps_succeeded, summary.steps_total)],
    ['LLM requests', figure(summary.usage.llm_requests)],
    ['Cost', totalCost(summary)],
    ...(claim === null ? [] : [['Tokens claimed by the framework', claim]]),
    ...Object.entries(aggregate_metrics).map(([name, value]) => [codeSpan(name), figure(value)]),
    ...(notes.length === 0 ? [] : [['Notes', notes.map(inline).join('; ')]]),
  ];
}

/** Nothing before the first attempt. */
function reconciliationBlocks({ reconciliation }: RunSummary): string[] {
  if (reconciliation === null) return [];
  const { settings, comparison, steps } = reconciliation;
  const shared = sharedText(reconciliation);
  const cost = costText(reconciliation);
  const facts = [
    ['Status', stateWord(reconciliation.verification_status)],
    ['Reason', inline(reconciliation.verification_message)],
    ['Attempts', String(reconciliation.attempts.length)],
    [
      'Equal readings',
      `${reconciliation.equal_readings} of ${settings.required_readings}, at least ${settings.interval_minutes} min apart`,
    ],
    ['Provider', inline(sourceText(reconciliation))],
    ['Last attempt', secondsOf(reconciliation.last_attempt_at)],
    ...(comparison === null
      ? []
      : [
          [
            'Largest difference',
            `${differencePercent(comparison, settings.threshold_percent)} (threshold ${settings.threshold_percent}%)`,
          ],
          ['Within threshold', comparison.within_threshold ? 'YES' : 'NO'],
        ]),
    ...(shared === null ? [] : [['Bound', inline(shared)]]),
    ...(cost === null ? [] : [["Provider's cost", inline(cost)]]),
  ];
  return [
    '## Reconciliation',
    table(['Fact', 'Value'], facts),
    ...(comparison === null ? [] : [comparisonTable(comparison)]),
    ...(comparison === null || comparison.explanations.length === 0
      ? []
      : [['What could explain a difference:', '', ...comparison.explanations.map((text) => `- ${inline(text)}`)].join('\n')]),
    ...(steps.length === 0 ? [] : [resolutionTable(steps)]),
  ];
}

function comparisonTable(comparison: UsageComparison): string {
  const joint = comparison.joint_ledger !== null;
  const head = ['Figure', 'Framework', 'Proxy', ...(joint ? ['Proxy, all runs sharing minutes'] : []), 'Provider', 'Difference'];
  const rows = comparedFigures(comparison).map(({ label, claim, ledger, joint: all, provider, difference }) => [
    label,
    comparison.claim === null ? 'none' : figure(claim),
    figure(ledger),
    ...(joint ? [figure(all)] : []),
    figure(provider),
    signed(difference),
  ]);
  return table(head, rows);
}

function resolutionTable(steps: readonly StepResolution[]): string {
  const words = { no_calls: 'no calls', not_resolvable: "not resolvable at the provider's granularity" };
  return table(
    ['Step', 'Proxy in / out', 'In the provider’s minutes'],
    steps
      .slice(0, STEPS_LISTED)
      .map((step) => [
        stepNumber(step.step),
        `${figure(step.ledger.input_tokens)} / ${figure(step.ledger.output_tokens)}`,
        step.resolution === 'whole' || step.resolution === 'bound' ? resolutionText(step) : words[step.resolution],
      ]),
  );
}

function problemBlocks({ errors, warnings }: RunSummary): string[] {
  if (errors.count + warnings.count === 0) return [];
  const examples = [...errors.first, ...errors.last, ...warnings.first, ...warnings.last];
  return [
    '## Errors and warnings',
    `${counted(errors.count, 'error')}, ${counted(warnings.count, 'warning')}.`,
    table(
      ['Time', 'Level', 'Step', 'Message'],
      examples.map(({ timestamp, level, step, message }) => [
        inline(timestamp),
        level,
        step === null ? '' : stepNumber(step),
        inline(message),
      ]),
    ),
  ];
}

function recordRows(summary: RunSummary, archive: ArchiveFacts | null): string[][] {
  return [
    ['Log lines', `${summary.log_lines} (${bytes(summary.log_bytes)})`],
    ['Damaged lines', String(summary.damaged.count)],
    ['Dropped lines', String(summary.dropped.count)],
    ['Missing records', String(summary.missing_records)],
    ['Redactions', figure(summary.redactions)],
    ['Clarifications', isForeign(summary) ? UNKNOWN : String(summary.hitl.count)],
    ['Archive', archive === null ? 'not yet sealed' : codeSpan(archive.name)],
    ...(archive === null
      ? []
      : [
          ['SHA-256', codeSpan(archive.sha256)],
          ['Size', bytes(archive.bytes)],
          ['Contents', inline(contentsText(archive))],
        ]),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Text from logs as one line of Markdown that means nothing but itself. */
function inline(text: string): string {
  const short = text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}...` : text;
  return sanitizeForFile(short).replace(/[\\`*_{}[\]<>()#!|~&@]/g, (character) => `\\${character}`);
}

function codeSpan(text: string): string {
  return `\`${sanitizeForFile(text).replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}

/** A fenced block whose fence no line can close. */
function code(lines: readonly string[]): string {
  const text = lines.map(sanitizeForFile);
  const longest = Math.max(0, ...text.map((line) => /^\s*(`+)/.exec(line)?.[1]?.length ?? 0));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return [`${fence}text`, ...text, fence].join('\n');
}
