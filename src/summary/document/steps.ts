/** The steps: as tables, one row each, with those of their phases; or each in full. */
import { pluralize, formatDuration, formatNumber, formatNanoUsd, formatStep, formatTokens, UNKNOWN } from '../../format/index.ts';
import type { AttemptSummary, RunSummary, StepSummary } from '../../schema/index.ts';
import { fact, facts, item, note, type ReportBlock, type Fact, type Section, type Value } from './model.ts';
import {
  claimText,
  lastError,
  listedPhases,
  omittedPhasesText,
  statusWord,
  stepNotes,
  usageText,
  validationText,
} from './phrases.ts';
import { chooseSteps, statusCounts } from './selection.ts';

const STEPS_LISTED = 100;
const ATTEMPTS_LISTED = 4;
const FAILURES_LISTED = 2;
const HEADS = [
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
const PHASE_HEADS = ['Step', 'Phase', 'Status', 'Duration', 'API calls', 'Tokens in / out / total', 'Cost'];

export function stepSections({ steps, failing_step }: RunSummary): Section[] {
  const listed = chooseSteps(steps, failing_step, STEPS_LISTED, () => 1);
  const shown = steps.filter((step) => listed.has(step.step));
  const left = steps.filter((step) => !listed.has(step.step));
  if (shown.length === 0) return [{ title: 'Steps', blocks: [note('No step is recorded.')] }];
  const phases = shown.flatMap(phaseRows);
  return [
    {
      title: 'Steps',
      blocks: [
        { kind: 'table', headers: HEADS, rows: shown.map(stepRow) },
        ...(left.length === 0 ? [] : [note(`${pluralize(left.length, 'step')} not listed: ${statusCounts(left)}.`)]),
      ],
    },
    // Only where frameworks work in phases.
    ...(phases.length === 0
      ? []
      : [{ title: 'Phases', level: 3, blocks: [{ kind: 'table', headers: PHASE_HEADS, rows: phases }] } as const]),
  ];
}

function stepRow(step: StepSummary): Value[] {
  const claim = claimText(step);
  const error = lastError(step);
  return [
    formatStep(step.step),
    step.name ?? '',
    statusWord(step.status),
    formatDuration(step.duration_seconds),
    step.status === 'unknown' ? UNKNOWN : String(step.retries),
    formatNumber(step.usage.api_calls),
    formatNumber(step.usage.llm_requests),
    formatTokens(step.usage.tokens_in, step.usage.tokens_out),
    validationText(step) ?? '',
    [
      ...stepNotes(step),
      ...(claim === null ? [] : [`tokens claimed by the framework: ${claim}`]),
      ...(error === null ? [] : [error]),
    ],
  ];
}

function phaseRows(step: StepSummary): Value[][] {
  const left = omittedPhasesText(step);
  return [
    ...listedPhases(step).map(({ phase, status, duration_seconds, ...usage }) => [
      formatStep(step.step),
      phase ?? 'outside phases',
      status ?? '',
      phase === null ? '' : formatDuration(duration_seconds),
      formatNumber(usage.api_calls),
      formatTokens(usage.tokens_in, usage.tokens_out),
      formatNanoUsd(usage.cost_nano_usd),
    ]),
    ...(left === null ? [] : [[formatStep(step.step), left, '', '', '', '', '']]),
  ];
}

/** A step in full: a fact with items. */
export function stepBlock(step: StepSummary): ReportBlock {
  const { usage, errors, warnings } = step;
  const logged = item(
    'Logged',
    errors + warnings === 0 ? null : `${pluralize(errors, 'error')}, ${pluralize(warnings, 'warning')}`,
  );
  const label = `Step ${formatStep(step.step)}`;
  if (step.status === 'unknown') return facts(fact(label, statusWord(step.status)), logged);
  const took = `duration: ${formatDuration(step.duration_seconds)}, retries: ${step.retries}`;
  return facts(
    fact(label, `${statusWord(step.status)} (${took})`),
    item('API Calls', formatNumber(usage.api_calls)),
    item('Tokens (prompt/completion/total)', formatTokens(usage.tokens_in, usage.tokens_out)),
    item('LLM Requests', formatNumber(usage.llm_requests)),
    ...listedPhases(step).map(phaseItem),
    item(null, omittedPhasesText(step)),
    ...stepNotes(step).map((text) => item('Note', text)),
    item('Claimed by the framework', claimText(step)),
    item('Name', step.name),
    item('Validation', validationText(step)),
    ...(step.validation?.failures ?? []).slice(0, FAILURES_LISTED).map((text) => fact('failed', text, { under: 'detail' })),
    ...(step.retries > 0 ? attemptItems(step.attempts) : []),
    item('Last error', lastError(step)),
    item('Clarifications', step.hitl > 0 ? String(step.hitl) : null),
    logged,
  );
}

function phaseItem({ phase, status, duration_seconds: seconds, ...usage }: ReturnType<typeof listedPhases>[number]): Fact | null {
  const ended = [...(status === null ? [] : [status]), ...(seconds === null ? [] : [formatDuration(seconds)])];
  const used = usage.api_calls === 0 ? '0 calls' : usageText(usage);
  return item(phase === null ? 'Outside phases' : `Phase ${phase}`, [...ended, used].join(', '));
}

function attemptItems(attempts: readonly AttemptSummary[]): (Fact | null)[] {
  const earlier = attempts.length - ATTEMPTS_LISTED;
  return [
    item(null, earlier > 0 ? `${pluralize(earlier, 'earlier attempt')} not listed` : null),
    ...attempts.slice(-ATTEMPTS_LISTED).map(({ attempt, status, reason, duration_seconds, usage }) => {
      const why = reason === null ? '' : `: ${reason.replaceAll('_', ' ')}`;
      return item(`Attempt ${attempt}`, `${statusWord(status)}${why} (${formatDuration(duration_seconds)}, ${usageText(usage)})`);
    }),
  ];
}
