/** The steps as tables, one row each, and those of their phases. */
import { counted, duration, figure, nanoUsd, stepNumber, tokens, UNKNOWN } from '../../format.ts';
import type { RunSummary, StepSummary } from '../../schema.ts';
import { note, type Section, type Value } from './model.ts';
import { claimLine, lastError, phasesLeftOut, phaseWords, statusWord, stepNotes, validationLine } from './phrases.ts';
import { chooseSteps, statusCounts } from './selection.ts';

const STEPS_LISTED = 100;
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
        { kind: 'table', heads: HEADS, rows: shown.map(stepRow) },
        ...(left.length === 0 ? [] : [note(`${counted(left.length, 'step')} not listed: ${statusCounts(left)}.`)]),
      ],
    },
    // Only where frameworks work in phases.
    ...(phases.length === 0
      ? []
      : [{ title: 'Phases', level: 3, blocks: [{ kind: 'table', heads: PHASE_HEADS, rows: phases }] } as const]),
  ];
}

function stepRow(step: StepSummary): Value[] {
  const error = lastError(step);
  const claim = claimLine(step.claimed_usage, step.metered !== false);
  const claimed = claim === null ? [] : [`tokens claimed by the framework: ${claim}`];
  return [
    stepNumber(step.step),
    step.name ?? '',
    statusWord(step.status),
    duration(step.duration_seconds),
    step.status === 'unknown' ? UNKNOWN : String(step.retries),
    figure(step.usage.api_calls),
    figure(step.usage.llm_requests),
    tokens(step.usage.tokens_in, step.usage.tokens_out),
    validationLine(step) ?? '',
    [...stepNotes(step), ...claimed, ...(error === null ? [] : [error])],
  ];
}

function phaseRows(step: StepSummary): Value[][] {
  const left = phasesLeftOut(step);
  return [
    ...phaseWords(step).map(({ phase, status, seconds, usage }) => [
      stepNumber(step.step),
      phase ?? 'outside phases',
      status,
      phase === null ? '' : duration(seconds),
      figure(usage.api_calls),
      tokens(usage.tokens_in, usage.tokens_out),
      nanoUsd(usage.cost_nano_usd),
    ]),
    ...(left === null ? [] : [[stepNumber(step.step), left, '', '', '', '', '']]),
  ];
}
