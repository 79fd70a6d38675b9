/** The comparison with the provider's own figures. Every section is empty before the first attempt. */
import { pluralize, formatNumber, formatIsoSeconds, formatStep } from '../../format/index.ts';
import type { ReconciliationSummary, RunSummary, StepResolution, UsageComparison } from '../../schema/index.ts';
import { fact, facts, BLANK_LINE, limitedFacts, note, type ReportBlock, type ReportBlockOf, type Fact } from './model.ts';
import { statusWord } from './phrases.ts';
import {
  costText,
  differencePercent,
  resolutionText,
  sharedText,
  sourceText,
  stepsResolvedAs,
} from './reconciliation-phrases.ts';

const LINES_PER_SENTENCE = 4;
const LINES_OF_REASON = 6;
const EXPLANATIONS_LISTED = 6;
const STEPS_LISTED = 8;
const STEPS_IN_TABLE = 100;
const ATTEMPTS_LISTED = 3;
const INSET = { under: 'inset', lines: LINES_PER_SENTENCE } as const;

/** In full, with the last attempts. */
export function reconciliationBlocks({ reconciliation, steps }: RunSummary): ReportBlock[] {
  if (reconciliation === null) return [];
  const { settings, window, attempts, comparison } = reconciliation;
  const withTokens = steps.filter(({ usage }) => (usage.tokens_in ?? 0) + (usage.tokens_out ?? 0) > 0).length;
  return [
    facts(
      ...stateFacts(reconciliation),
      fact('Verification Attempts', String(attempts.length)),
      fact('Stable Verifications', `${reconciliation.equal_readings} (required ${settings.required_readings})`),
      fact('First Stable At', formatIsoSeconds(reconciliation.first_equal_at, 'not yet')),
      fact('Verified At', reconciliation.verified_at === null ? null : formatIsoSeconds(reconciliation.verified_at)),
      fact('Steps with Tokens', `${withTokens} / ${steps.length}`),
      fact('Verification Interval', `${settings.interval_minutes} min`),
      fact('Provider', sourceText(reconciliation), { lines: LINES_PER_SENTENCE }),
      fact(
        'Window',
        window === null
          ? null
          : `${formatIsoSeconds(window.start)} to ${formatIsoSeconds(window.end)} (${pluralize(window.minutes, 'minute')})`,
      ),
      fact('Last Attempt', formatIsoSeconds(reconciliation.last_attempt_at)),
      fact(
        'Waiting Ended',
        reconciliation.waiting_ended ? `after ${settings.max_age_hours} hours, nothing further is awaited` : null,
      ),
    ),
    ...(comparison === null
      ? []
      : [
          BLANK_LINE,
          note('Token Reconciliation:'),
          comparisonFigures(comparison, 'Proxy, all'),
          facts(
            ...differenceFacts(reconciliation, comparison),
            ...comparison.explanations.slice(0, EXPLANATIONS_LISTED).map((text) => fact('Could Explain', text, INSET)),
          ),
        ]),
    ...resolutionBlocks(reconciliation.steps),
    ...attemptBlocks(attempts),
  ];
}

/** In brief, with all steps and explanations. */
export function reconciliationOverview({ reconciliation }: RunSummary): ReportBlock[] {
  if (reconciliation === null) return [];
  const { settings, comparison, steps } = reconciliation;
  const { required_readings: required, interval_minutes: interval } = settings;
  const explanations = comparison?.explanations ?? [];
  return [
    facts(
      ...stateFacts(reconciliation),
      fact('Attempts', String(reconciliation.attempts.length)),
      fact('Equal Readings', `${reconciliation.equal_readings} of ${required}, at least ${interval} min apart`),
      fact('Provider', sourceText(reconciliation)),
      fact('Last Attempt', formatIsoSeconds(reconciliation.last_attempt_at)),
      ...(comparison === null ? boundFacts(reconciliation) : differenceFacts(reconciliation, comparison)),
    ),
    ...(comparison === null ? [] : [comparisonFigures(comparison, 'Proxy, all runs sharing minutes')]),
    ...(explanations.length === 0
      ? []
      : [{ kind: 'list', lead: 'What could explain a difference:', items: explanations } as const]),
    ...(steps.length === 0 ? [] : [resolutionTable(steps)]),
  ];
}

function stateFacts({ verification_status, verification_message }: ReconciliationSummary): (Fact | null)[] {
  return [fact('Status', statusWord(verification_status)), fact('Reason', verification_message, { lines: LINES_OF_REASON })];
}

function differenceFacts(reconciliation: ReconciliationSummary, comparison: UsageComparison): (Fact | null)[] {
  const { threshold_percent: threshold } = reconciliation.settings;
  const difference = `${differencePercent(comparison, threshold)} (threshold ${threshold}%)`;
  return [
    fact('Largest Difference', { trusted: difference }, { under: 'inset' }),
    fact('Within Threshold', comparison.within_threshold ? 'YES' : 'NO', { under: 'inset' }),
    ...boundFacts(reconciliation),
  ];
}

function boundFacts(reconciliation: ReconciliationSummary): (Fact | null)[] {
  return [fact('Bound', sharedText(reconciliation), INSET), fact("Provider's Cost", costText(reconciliation), INSET)];
}

const FIGURES = [
  ['Input Tokens', 'input_tokens'],
  ['Cached of These', 'cached_tokens'],
  ['Output Tokens', 'output_tokens'],
  ['API Calls', 'api_calls'],
] as const;

/**
 * Framework, proxy and provider side by side; the difference is provider minus proxy, the joint one where there is one.
 *
 * @param joint head of the proxy's figures for all runs that share minutes
 */
export function comparisonFigures(comparison: UsageComparison, joint: string): ReportBlockOf<'figures'> {
  const { claim, ledger, joint_ledger: all, provider, difference } = comparison;
  return {
    kind: 'figures',
    labelHeader: 'Figure',
    headers: ['Framework', 'Proxy', ...(all === null ? [] : [joint]), 'Provider', 'Difference'],
    rows: FIGURES.map(([label, of]) => ({
      label,
      cells: [
        claim === null ? 'none' : claim[of],
        ledger[of],
        ...(all === null ? [] : [all[of]]),
        provider[of],
        { signed: difference[of] },
      ],
    })),
  };
}

function resolutionBlocks(steps: readonly StepResolution[]): ReportBlock[] {
  if (steps.length === 0) return [];
  return [
    BLANK_LINE,
    note("Steps in the Provider's Minutes (tokens prompt / completion):"),
    facts(
      ...limitedFacts(
        steps.filter(({ resolution }) => resolution === 'whole' || resolution === 'bound'),
        STEPS_LISTED,
        (step) => fact(`Step ${formatStep(step.step)}`, `proxy ${ledgerText(step)}, ${resolutionText(step)}`, INSET),
        (left) => fact(null, `${pluralize(left, 'more step')} not listed; see metrics.json`, { under: 'inset' }),
      ),
      fact(
        "Not Resolvable at the provider's granularity (shorter than a minute)",
        stepsResolvedAs('not_resolvable', steps),
        INSET,
      ),
      fact('Without Calls', stepsResolvedAs('no_calls', steps), INSET),
    ),
  ];
}

function resolutionTable(steps: readonly StepResolution[]): ReportBlock {
  return {
    kind: 'table',
    headers: ['Step', 'Proxy in / out', 'In the provider’s minutes'],
    rows: steps.slice(0, STEPS_IN_TABLE).map((step) => [formatStep(step.step), ledgerText(step), resolutionText(step)]),
  };
}

function ledgerText({ ledger }: StepResolution): string {
  return `${formatNumber(ledger.input_tokens)} / ${formatNumber(ledger.output_tokens)}`;
}

function attemptBlocks(attempts: ReconciliationSummary['attempts']): ReportBlock[] {
  const earlier = attempts.length - ATTEMPTS_LISTED;
  const listed = attempts.slice(-ATTEMPTS_LISTED).map(({ attempt, timestamp, status, total_tokens_in, total_tokens_out }) => {
    const isEmpty = total_tokens_in === null && total_tokens_out === null;
    const figures = isEmpty ? 'no figures' : `${formatNumber(total_tokens_in)} in, ${formatNumber(total_tokens_out)} out`;
    return fact(`Attempt ${attempt}`, `${formatIsoSeconds(timestamp)} ${statusWord(status)}, ${figures}`, { under: 'inset' });
  });
  return [
    BLANK_LINE,
    note(earlier > 0 ? `Last Attempts (${pluralize(earlier, 'earlier one')} in metrics.json):` : 'Attempts:'),
    facts(...listed),
  ];
}
