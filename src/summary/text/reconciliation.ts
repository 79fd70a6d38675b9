/** The comparison with the provider's own figures. */
import type { ReconciliationSummary, RunSummary, StepResolution } from '../../schema.ts';
import { counted, figure, secondsOf, signed, stepNumber } from '../../format.ts';
import { sanitizeForFile, wrap } from '../../terminal.ts';
import {
  comparedFigures,
  costText,
  differencePercent,
  resolutionText,
  sharedText,
  sourceText,
  stateWord,
  stepsByResolution,
} from '../reconciliation-words.ts';
import { COLUMNS } from '../columns.ts';

const LINES_PER_SENTENCE = 4;
const LINES_OF_REASON = 6;
const EXPLANATIONS_LISTED = 6;
const STEPS_LISTED = 8;
const ATTEMPTS_LISTED = 3;
const LABEL_COLUMNS = 20;
const FIGURE_COLUMNS = 12;

/** Empty before the first attempt. */
export function reconciliationLines({ reconciliation, steps }: RunSummary): string[] {
  if (reconciliation === null) return [];
  const { settings, window, attempts } = reconciliation;
  const withTokens = steps.filter(({ usage }) => (usage.tokens_in ?? 0) + (usage.tokens_out ?? 0) > 0).length;
  const lines = [
    `Status: ${stateWord(reconciliation.verification_status)}`,
    ...sentence(`Reason: ${reconciliation.verification_message}`, LINES_OF_REASON),
    `Verification Attempts: ${attempts.length}`,
    `Stable Verifications: ${reconciliation.equal_readings} (required ${settings.required_readings})`,
    `First Stable At: ${reconciliation.first_equal_at === null ? 'not yet' : secondsOf(reconciliation.first_equal_at)}`,
    ...(reconciliation.verified_at === null ? [] : [`Verified At: ${secondsOf(reconciliation.verified_at)}`]),
    `Steps with Tokens: ${withTokens} / ${steps.length}`,
    `Verification Interval: ${settings.interval_minutes} min`,
    ...sentence(`Provider: ${sourceText(reconciliation)}`),
  ];
  if (window !== null) {
    lines.push(`Window: ${secondsOf(window.start)} to ${secondsOf(window.end)} (${counted(window.minutes, 'minute')})`);
  }
  lines.push(`Last Attempt: ${secondsOf(reconciliation.last_attempt_at)}`);
  if (reconciliation.waiting_ended)
    lines.push(`Waiting Ended: after ${settings.max_age_hours} hours, nothing further is awaited`);
  return [...lines, ...comparisonLines(reconciliation), ...stepResolutionLines(reconciliation.steps), ...attemptLines(attempts)];
}

function comparisonLines(reconciliation: ReconciliationSummary): string[] {
  const { comparison, settings } = reconciliation;
  if (comparison === null) return [];
  const joint = comparison.joint_ledger !== null;
  const heads = ['Framework', 'Proxy', ...(joint ? ['Proxy, all'] : []), 'Provider', 'Difference'];
  const rows = comparedFigures(comparison).map(({ label, claim, ledger, joint: all, provider, difference }) =>
    row(`  ${label}:`, [
      comparison.claim === null ? 'none' : figure(claim),
      figure(ledger),
      ...(joint ? [figure(all)] : []),
      figure(provider),
      signed(difference),
    ]),
  );
  const shared = sharedText(reconciliation);
  const cost = costText(reconciliation);
  const explanations = comparison.explanations.slice(0, EXPLANATIONS_LISTED);
  return [
    '',
    'Token Reconciliation:',
    row('', heads),
    ...rows,
    `  Largest Difference: ${differencePercent(comparison, settings.threshold_percent)} (threshold ${settings.threshold_percent}%)`,
    `  Within Threshold: ${comparison.within_threshold ? 'YES' : 'NO'}`,
    ...(shared === null ? [] : sentence(`  Bound: ${shared}`)),
    ...(cost === null ? [] : sentence(`  Provider's Cost: ${cost}`)),
    ...explanations.flatMap((explanation) => sentence(`  Could Explain: ${explanation}`)),
  ];
}

function stepResolutionLines(steps: readonly StepResolution[]): string[] {
  const { figured, notResolvable, withoutCalls } = stepsByResolution(steps);
  if (steps.length === 0) return [];
  const lines = ['', "Steps in the Provider's Minutes (tokens prompt / completion):"];
  for (const step of figured.slice(0, STEPS_LISTED)) {
    const { input_tokens, output_tokens } = step.ledger;
    lines.push(
      ...sentence(
        `  Step ${stepNumber(step.step)}: proxy ${figure(input_tokens)} / ${figure(output_tokens)}, ${resolutionText(step)}`,
      ),
    );
  }
  if (figured.length > STEPS_LISTED)
    lines.push(`  ${counted(figured.length - STEPS_LISTED, 'more step')} not listed; see metrics.json`);
  if (notResolvable !== null) {
    lines.push(...sentence(`  Not Resolvable at the provider's granularity (shorter than a minute): ${notResolvable}`));
  }
  if (withoutCalls !== null) lines.push(...sentence(`  Without Calls: ${withoutCalls}`));
  return lines;
}

function attemptLines(attempts: ReconciliationSummary['attempts']): string[] {
  const lines = attempts.slice(-ATTEMPTS_LISTED).map(({ attempt, timestamp, status, total_tokens_in, total_tokens_out }) => {
    const read = total_tokens_in === null && total_tokens_out === null;
    const figures = read ? 'no figures' : `${figure(total_tokens_in)} in, ${figure(total_tokens_out)} out`;
    return `  Attempt ${attempt}: ${secondsOf(timestamp)} ${stateWord(status)}, ${figures}`;
  });
  const earlier = attempts.length - ATTEMPTS_LISTED;
  return ['', earlier > 0 ? `Last Attempts (${counted(earlier, 'earlier one')} in metrics.json):` : 'Attempts:', ...lines];
}

/** A label, then columns aligned to the right; a figure too long for its column takes room from the label's blanks. */
function row(label: string, cells: readonly string[]): string {
  const columns = cells.map((cell) => ` ${cell}`.padStart(FIGURE_COLUMNS));
  return `${label.padEnd(Math.max(label.length, LABEL_COLUMNS))}${columns.join('')}`;
}

/** Over several lines where one is too short; further ones are set in. */
function sentence(text: string, most = LINES_PER_SENTENCE): string[] {
  const indent = /^ */.exec(text)?.[0] ?? '';
  const lines = wrap(sanitizeForFile(text), COLUMNS - indent.length - 2, most);
  return lines.map((line, index) => `${indent}${index === 0 ? '' : '  '}${line}`);
}
